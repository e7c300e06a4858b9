import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

export type LockHolder = { readonly pid: number; readonly release: () => void };

/** A program that takes dpkg's kind of lock on a file: Node itself has no fcntl(2). It ends with the test. */
export async function holdLock(t: TestContext, path: string): Promise<LockHolder> {
  const script = `use Fcntl; $| = 1; open(F, "+<", $ARGV[0]) or die;
    my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
    fcntl(F, F_SETLK, $lock) or die; print "held"; sleep 60;`;
  const child = spawn('perl', ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [held] = await once(child.stdout.setEncoding('utf8'), 'data', { signal: AbortSignal.timeout(10_000) });
  assert.equal(held, 'held');
  assert.ok(child.pid !== undefined);
  return { pid: child.pid, release: () => child.kill('SIGKILL') };
}
