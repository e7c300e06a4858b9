import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Waits for an exclusive lock on a file. `flock` holds it for as long as its standard input is open, so the kernel
 * frees it even when this process is killed.
 */
export async function takeLock(file: string): Promise<AsyncDisposable> {
  await mkdir(dirname(file), { recursive: true });
  const holder = spawn('flock', ['--no-fork', file, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await once(holder, 'exit');
    },
  };
}
