import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSigningKey } from '../src/trust/key-file.ts';
import { waitUntil } from '../test/support/redis.ts';
import type { BenchFleet } from './fleet.ts';
import type { Setting } from './setting.ts';

/** A worker process on this machine, started as its unit file starts it. Disposing ends it in good order. */
export type LocalWorker = AsyncDisposable & { readonly pid: number };

export async function startLocalWorker(
  { program, folder }: Setting,
  { configFile, hostKey }: BenchFleet,
  host: string,
): Promise<LocalWorker> {
  const [celeroot, ...args] = program.celeroot;
  const stateDir = join(folder, `state-${host}-${process.hrtime.bigint()}`);
  await mkdir(stateDir);
  await writeSigningKey(join(stateDir, 'host.key'), hostKey);
  const worker = spawn(celeroot, [...args, 'worker', configFile, '--host', host], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', MALLOC_ARENA_MAX: '1', CELEROOT_STATE_DIR: stateDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  worker.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const hasEnded = (): boolean => worker.exitCode !== null || worker.signalCode !== null;
  await waitUntil(() => /^ready/m.test(said) || hasEnded(), `the worker of ${host}: ${said}`);
  return {
    pid: worker.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      if (hasEnded()) return;
      worker.kill('SIGTERM');
      await once(worker, 'exit');
    },
  };
}
