import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitUntil } from './redis.ts';
import { CELEROOT } from './worker.ts';

const [program, script] = CELEROOT;

/** Starts `celeroot worker FILE --host NAME` and waits until it takes jobs; disposing stops it as systemd would. */
export async function startCliWorker(file: string, host: string, stateDir: string): Promise<AsyncDisposable> {
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
