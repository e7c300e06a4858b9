import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { holdLock, type LockHolder as TestHolder } from '../../test/support/lock-holder.ts';
import { CommandError } from '../core/errors.ts';
import { findLockHolder, parseLocks, waitForPackageLocks, type LockHolder } from './package-locks.ts';

test('only write locks that are held are read from /proc/locks', () => {
  const text = [
    '1: POSIX  ADVISORY  WRITE 812 fd:01:2147105 0 EOF',
    '1: -> POSIX  ADVISORY  WRITE 813 fd:01:2147105 0 EOF',
    '2: FLOCK  ADVISORY  WRITE 814 00:27:12 0 EOF',
    '3: POSIX  ADVISORY  READ  815 00:27:13 128 128',
    '4: OFDLCK ADVISORY  WRITE -1 00:06:1030 0 0',
    '5: POSIX  ADVISORY  WRITE 816 103:05:7 0 0',
    '',
  ].join('\n');

  assert.deepEqual(parseLocks(text), [
    { pid: 812, major: 0xfdn, minor: 1n, inode: 2_147_105n },
    { pid: 816, major: 0x103n, minor: 5n, inode: 7n },
  ]);
});

test('the process that holds a lock is named with its command', async (t) => {
  const { path, hold } = await setUp(t);
  assert.equal(findLockHolder([path]), null);

  const { pid } = await hold();

  const holder = findLockHolder(['/nonexistent/lock', path]);
  assert.ok(holder !== null);
  assert.equal(holder.pid, pid);
  assert.equal(holder.path, path);
  assert.match(holder.command, /^perl /);
});

test('a wait ends when the holder lets go and names every holder once', async (t) => {
  const { path, hold } = await setUp(t);
  const { release } = await hold();
  const told: LockHolder[] = [];
  const onHolder = (holder: LockHolder): void => {
    told.push(holder);
    release();
  };

  const still = await waitForPackageLocks({ timeoutMs: 20_000, onHolder, signal: t.signal, paths: [path] });

  assert.equal(still, null);
  assert.equal(told.length, 1);
});

test('a wait that is too long gives the holder back', async (t) => {
  const { path, hold } = await setUp(t);
  const { pid } = await hold();

  const still = await waitForPackageLocks({ timeoutMs: 0, onHolder: () => undefined, signal: t.signal, paths: [path] });

  assert.equal(still?.pid, pid);
});

test('a wait that is called off ends with the reason', async (t) => {
  const { path, hold } = await setUp(t);
  await hold();
  const abort = new AbortController();
  const reason = new CommandError('JOB_STOPPED', 'called off by the test');

  const waiting = waitForPackageLocks({
    timeoutMs: 60_000,
    onHolder: () => abort.abort(reason),
    signal: abort.signal,
    paths: [path],
  });

  await assert.rejects(waiting, reason);
});

type Scene = { readonly path: string; readonly hold: () => Promise<TestHolder> };

async function setUp(t: TestContext): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-locks-'));
  t.after(async () => await rm(folder, { recursive: true }));
  const path = join(folder, 'lock');
  await writeFile(path, '');
  return { path, hold: async () => await holdLock(t, path) };
}
