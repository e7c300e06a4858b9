import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Argv } from '../core/step.ts';
import { isRunning, readDetached, startDetached, stopDetached, type Detached } from './start-detached.ts';

const GENTLY = { timeoutMs: 5000, force: false };

test('a detached program leads a session of its own and its output goes to the log', async (t) => {
  const { start, folder } = await setUp(t);
  const detached = await start(['sh', '-c', 'cut -d " " -f 1,6 /proc/$$/stat; echo oops >&2']);
  await until(async () => !(await isRunning(detached)));

  const log = await readFile(join(folder, 'log'), 'utf8');
  const [pid, session] = log.split(/\s/);
  assert.equal(pid, session);
  assert.match(log, /oops/);
});

test('another process finds a program by its record and stops it', async (t) => {
  const { start, folder } = await setUp(t);
  await start(['sleep', '60']);

  const detached = await readDetached(join(folder, 'record'));

  assert.ok(detached !== null && (await isRunning(detached)));
  assert.equal(await stopDetached(detached, GENTLY), true);
  assert.equal(await isRunning(detached), false);
});

test('a program that ignores the request is killed only when that was asked for', async (t) => {
  const { start, folder } = await setUp(t);
  const detached = await start(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1; done']);
  await until(async () => (await readFile(join(folder, 'log'), 'utf8')).includes('ready'));

  assert.equal(await stopDetached(detached, { timeoutMs: 100, force: false }), false);
  assert.equal(await isRunning(detached), true);
  assert.equal(await stopDetached(detached, { timeoutMs: 100, force: true }), true);
});

test('a process that only has the number of ours is neither ours nor stopped', async (t) => {
  const { start } = await setUp(t);
  const detached = await start(['sleep', '60']);
  assert.ok(detached.kind === 'process');
  const earlier: Detached = { kind: 'process', process: { ...detached.process, startTime: '1' } };

  assert.equal(await isRunning(earlier), false);
  assert.equal(await stopDetached(earlier, GENTLY), true);
  assert.equal(await isRunning(detached), true);
});

test('a program that ends at once is started and not running', async (t) => {
  const { start } = await setUp(t);
  const detached = await start(['true']);
  await until(async () => !(await isRunning(detached)));

  assert.equal(await stopDetached(detached, GENTLY), true);
});

test('a missing program is an error of the start', async (t) => {
  const { start } = await setUp(t);

  await assert.rejects(start(['celeroot-no-such-program']), { code: 'MISSING_PROGRAM' });
});

test('a damaged or missing record names nothing', async (t) => {
  const { folder } = await setUp(t);

  assert.equal(await readDetached(join(folder, 'none')), null);
  assert.equal(await readDetached('/proc/self/cmdline'), null);
});

async function setUp(
  t: TestContext,
): Promise<{ readonly folder: string; readonly start: (argv: Argv) => Promise<Detached> }> {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-detached-'));
  const started: Detached[] = [];
  t.after(async () => {
    for (const detached of started) await stopDetached(detached, { timeoutMs: 0, force: true });
    await rm(folder, { recursive: true });
  });
  const start = async (argv: Argv): Promise<Detached> => {
    const program = { name: 'test', argv, logFile: join(folder, 'log'), recordFile: join(folder, 'record') };
    const detached = await startDetached(program);
    started.push(detached);
    return detached;
  };
  return { folder, start };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    assert.ok(performance.now() < end, 'the condition did not come true within 10 s');
    await sleep(10);
  }
}
