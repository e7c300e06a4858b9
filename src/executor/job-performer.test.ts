import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { holdLock } from '../../test/support/lock-holder.ts';
import { BugError } from '../core/errors.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { hostNameSchema } from '../core/names.ts';
import type { ReportEvent } from '../core/report.ts';
import type { Phase, Step } from '../core/step.ts';
import { createJobFolder, jobFolder, type JobFolder } from './job-folder.ts';
import { jobPerformer } from './job-performer.ts';
import type { StepPerformer } from './perform-work.ts';
import { phaseGate, type StopReason } from './phase-gate.ts';

const CHANGE: Step & { kind: 'change' } = {
  kind: 'change',
  argv: ['change-it', 'one', 'two words'],
  phase: 'committing',
};

test('a job remembers what it stored first', async (t) => {
  const { perform } = await setUp(t);

  const first = await perform({ kind: 'remember', name: 'before', content: 'first' });
  const second = await perform({ kind: 'remember', name: 'before', content: 'second' });

  assert.deepEqual(
    [first, second],
    [
      { kind: 'remember', content: 'first' },
      { kind: 'remember', content: 'first' },
    ],
  );
});

test('a scratch file is written anew each time', async (t) => {
  const { perform, folder } = await setUp(t);
  await perform({ kind: 'scratch', name: 'preferences', content: 'old' });

  const result = await perform({ kind: 'scratch', name: 'preferences', content: 'new' });

  assert.deepEqual(result, { kind: 'scratch', path: join(folder.path, 'scratch/preferences') });
  assert.equal(await readFile(join(folder.path, 'scratch/preferences'), 'utf8'), 'new');
});

for (const name of ['../order.json', '/etc/passwd', '.hidden', '']) {
  test(`no file of a job is called ${JSON.stringify(name)}`, async (t) => {
    const { perform } = await setUp(t);

    await assert.rejects(perform({ kind: 'scratch', name, content: '' }), BugError);
    await assert.rejects(perform({ kind: 'remember', name, content: '' }), BugError);
  });
}

test('a changing program writes to the files of the job, and its result is the end of its own output', async (t) => {
  const { perform, folder, program } = await setUp(t);
  await program('head -c 100000 /dev/zero | tr "\\\\0" x; echo "$1,$2" >&2; echo status >&3; exit 100');
  await writeFile(folder.files.output, 'of a program before\n', { mode: 0o600 });

  const result = await perform(CHANGE);

  assert.ok(result.kind === 'change');
  assert.deepEqual([result.exitCode, result.signal, result.stderr], [100, null, '']);
  assert.equal(result.stdout.length, 65_536);
  assert.ok(result.stdout.endsWith('xxxone,two words\n'));
  const output = await readFile(folder.files.output, 'utf8');
  assert.ok(output.startsWith('of a program before\n$ change-it one two words\nxxx'));
  assert.equal(await readFile(folder.files.status, 'utf8'), 'status\n');
  assert.equal((await stat(folder.files.output)).mode & 0o777, 0o600);
});

test('of a changing program that says little the result has nothing of the one before it', async (t) => {
  const { perform, program } = await setUp(t);
  await program('echo "$1"');
  await perform(CHANGE);

  const result = await perform(CHANGE);

  assert.ok(result.kind === 'change');
  assert.equal(result.stdout, 'one\n');
});

test('a changing program that is not installed is named', async (t) => {
  const { perform } = await setUp(t);

  await assert.rejects(perform(CHANGE), { code: 'MISSING_PROGRAM' });
});

for (const phase of ['refreshing', 'downloading'] satisfies Phase[]) {
  test(`a program is broken off while ${phase} when the job is to stop`, async (t) => {
    const { perform, program } = await setUp(t, { stop: 'deadline' });
    await program('exec sleep 60');

    await assert.rejects(perform({ ...CHANGE, phase }), { name: 'JobStopped', reason: 'deadline' });
  });
}

test('a program that failed because a script was stopped says so, one that ended well does not', async (t) => {
  const { perform, program } = await setUp(t, { scripts: ['postinst of lab-slow'] });
  await program('exit 100');
  await assert.rejects(perform(CHANGE), {
    code: 'OUT_OF_TIME',
    message: 'out of time: the postinst of lab-slow hung and was stopped',
  });
  await program('exit 0');

  const result = await perform(CHANGE);

  assert.ok(result.kind === 'change' && result.exitCode === 0);
});

test('a dry run refuses to change the host and may do everything else', async (t) => {
  const { perform, program, folder } = await setUp(t, { dryRun: true });
  await program(`touch ${folder.path}/changed`);

  await assert.rejects(perform(CHANGE), BugError);
  await perform({ kind: 'run', argv: ['true'], timeoutMs: 10_000 });
  await perform({ kind: 'scratch', name: 'preferences', content: '' });
  await perform({ kind: 'phase', phase: 'planning' });
  await assert.rejects(stat(join(folder.path, 'changed')), { code: 'ENOENT' });
});

test('a lock that a foreign program keeps for too long is a failure that names the program', async (t) => {
  const { perform, told, lockPath } = await setUp(t);
  await perform({ kind: 'await-package-locks' });
  const { pid } = await holdLock(t, lockPath);

  await assert.rejects(perform({ kind: 'await-package-locks' }), {
    code: 'LOCK_HELD',
    message: new RegExp(`^perl .* \\(process ${pid}\\) has held ${lockPath} for 0 s$`, 's'),
  });
  const [event] = told;
  assert.ok(event?.kind === 'waiting' && event.for === 'lock');
  assert.match(event.holder ?? '', new RegExp(`^perl .* \\(process ${pid}\\)$`, 's'));
});

test('a wait for a lock ends when the job is to stop', async (t) => {
  const { perform, lockPath } = await setUp(t, { lockTimeoutMs: 60_000, stop: 'cancelled' });
  await holdLock(t, lockPath);

  await assert.rejects(perform({ kind: 'await-package-locks' }), { name: 'JobStopped', reason: 'cancelled' });
});

test('a wait for the machine to go down ends with the attempt, or when the machine stays up', async (t) => {
  const told = await setUp(t, { stop: 'signal' });
  await assert.rejects(told.perform({ kind: 'await-shutdown', timeoutMs: 60_000 }), {
    name: 'JobStopped',
    reason: 'signal',
  });
  const { perform } = await setUp(t, { stop: 'cancelled' });

  const answer = await perform({ kind: 'await-shutdown', timeoutMs: 1 });

  assert.deepEqual(answer, { kind: 'await-shutdown' });
});

type Scene = {
  readonly perform: StepPerformer;
  readonly folder: JobFolder;
  readonly told: readonly ReportEvent[];
  readonly lockPath: string;
  /** Installs the script as the program `change-it`. */
  readonly program: (script: string) => Promise<void>;
};

type Options = {
  readonly dryRun?: boolean;
  readonly lockTimeoutMs?: number;
  readonly stop?: StopReason;
  readonly scripts?: readonly string[];
};

async function setUp(t: TestContext, options: Options = {}): Promise<Scene> {
  const { dryRun = false, lockTimeoutMs = 0, stop, scripts = [] } = options;
  const stateDir = await mkdtemp(join(tmpdir(), 'celeroot-performer-'));
  t.after(async () => await rm(stateDir, { recursive: true }));
  const folder = jobFolder(stateDir, jobIdFor(makeRunId(0, new Uint8Array(10)), hostNameSchema.parse('web1')));
  await createJobFolder(folder, '{}');
  const told: ReportEvent[] = [];
  const lockPath = join(stateDir, 'lock');
  await writeFile(lockPath, '');
  const perform = jobPerformer({
    folder,
    dryRun,
    sink: async (event) => void told.push(event),
    gate: phaseGate(() => stop ?? null, 1),
    scripts: { stopped: () => scripts, [Symbol.dispose]: () => undefined },
    isToldToEnd: () => stop === 'signal',
    lockTimeoutMs,
    lockPaths: [lockPath],
    searchPath: `${stateDir}:/usr/bin:/bin`,
  });
  const program = async (script: string): Promise<void> => {
    await writeFile(join(stateDir, 'change-it'), `#!/bin/sh\n${script}\n`);
    await chmod(join(stateDir, 'change-it'), 0o755);
  };
  return { perform, folder, told, lockPath, program };
}
