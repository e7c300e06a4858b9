import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostKeyFile } from './fleet-folder.ts';
import { waitUntil } from './redis.ts';
import { CELEROOT } from './worker.ts';

const [program, script] = CELEROOT;

/**
 * Starts `celeroot worker FILE --host NAME`, with the key that is recorded for the host, and waits until it takes jobs;
 * disposing stops it as systemd would.
 */
export async function startCliWorker(file: string, host: string, stateDir: string): Promise<AsyncDisposable> {
  const key = hostKeyFile(dirname(file), host);
  if (existsSync(key)) await copyFile(key, join(stateDir, 'host.key'));
  const worker = spawn(program, [script ?? '', 'worker', file, '--host', host], {
    env: { ...process.env, CELEROOT_STATE_DIR: stateDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(worker, 'close');
  let log = '';
  worker.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await using starting = new AsyncDisposableStack();
  starting.defer(async () => {
    worker.kill('SIGTERM');
    await gone;
  });
  await waitUntil(() => /^ready/m.test(log), `the worker of ${host} to be ready`);
  return starting.move();
}
