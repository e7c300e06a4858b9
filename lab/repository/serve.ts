import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The lab's package mirror: `node serve.ts FOLDER ADDRESS` serves a folder on port 80. A file `rate` in the folder
 * slows archives down to that many bytes a second, so that a test can act in the middle of a download. Requests are
 * never answered with "not modified": another stage may have been published within the same second.
 */
const [, , root = '.', address = '127.0.0.1'] = process.argv;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://lab').pathname));
  const file = join(root, path);
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'Content-Length': found.size });
  const rate = file.endsWith('.deb') ? await readFile(join(root, 'rate'), 'utf8').catch(() => '') : '';
  await pipeline(createReadStream(file, { highWaterMark: 4096 }), throttle(Number(rate)), response);
}

/** 0 or less is as fast as it goes. */
function throttle(bytesPerSecond: number): Transform {
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      if (bytesPerSecond > 0) await sleep((chunk.length / bytesPerSecond) * 1000);
      done(null, chunk);
    },
  });
}

const server = createServer((request, response) => {
  // A client that hangs up in the middle is no event for a mirror.
  answer(request, response).catch(() => response.destroy());
});
server.listen(80, address, () => console.log(`serving ${root}`));
