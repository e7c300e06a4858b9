import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import * as z from 'zod';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { host, newRun } from '../support/broker-data.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis } from '../support/redis.ts';
import { runsIn, saveRun } from '../support/spoken.ts';

forbidLeaks();

type Way = AsyncDisposable & { readonly port: number; cutsNext: boolean };

/** A way to Redis that can be cut after a script was done and before its answer came. */
async function openWay(to: number): Promise<Way> {
  const server = createServer((client) => {
    const redis = connect(to, '127.0.0.1');
    let isCut = false;
    client.on('data', (data) => {
      isCut = way.cutsNext && /\beval\b/i.test(data.toString());
      if (isCut) way.cutsNext = false;
      redis.write(data);
    });
    redis.on('data', (data) => void (isCut ? client.destroy() : client.write(data)));
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      one.on('close', () => other.destroy());
      one.on('error', () => undefined);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.looseObject({ port: z.number() }).parse(server.address());
  const way: Way = { port, cutsNext: false, [Symbol.asyncDispose]: async () => void server.close() };
  return way;
}

test('a run is stored once, and by whoever stores it, though the answer is lost', async () => {
  await using redis = await startRedis();
  await using way = await openWay(redis.port);
  const endpoint = { kind: 'tcp', node: { host: '127.0.0.1', port: way.port } } as const;
  await using controller = await openControllerBroker({ ...redis.settings, endpoint });
  const run = newRun([host('web1')]);

  way.cutsNext = true;
  await saveRun(controller, run);

  assert.equal(way.cutsNext, false);
  assert.deepEqual(await runsIn(controller, 10), [run]);
  await assert.rejects(saveRun(controller, run), { code: 'RUN_EXISTS' });
  await redis.command('DEL', keysFor(redis.settings.environment).writer(run.id));
  await assert.rejects(saveRun(controller, run), { code: 'RUN_EXISTS' }, 'also when it is long ago');
});
