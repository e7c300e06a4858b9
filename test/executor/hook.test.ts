import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { launchExecutor } from '../../src/executor/launch-executor.ts';
import { identifyProcess } from '../../src/host/process-id.ts';
import { waitUntil } from '../support/redis.ts';
import { slowJob, type SlowJob } from '../support/slow-job.ts';

const DRAIN = '/etc/celeroot/hooks.d/drain';

test('a hook is run as root, without arguments, with a fixed environment and its output in that of the job', async (t) => {
  const hooks = await declare(t, 'echo "$(id -u) $# $(pwd) ${LD_PRELOAD-unset} $PATH"; echo said >&2');
  const { job, outcome } = await runToEnd(t, hooks);

  assert.equal(outcome.status, 'changed');
  assert.equal(outcome.summary, `ran ${DRAIN}: said`);
  const output = await readFile(job.folder.files.output, 'utf8');
  assert.equal(
    output,
    `$ timeout --verbose --kill-after=10 600 ${DRAIN}\n0 0 / unset ${hooks.bin}:/usr/bin:/bin\nsaid\n`,
  );
});

test('what a hook inherits is told: nothing but the fixed variables, and the job’s', async (t) => {
  const hooks = await declare(t, 'tr "\\0" "\\n" </proc/$$/environ | cut -d= -f1 | sort | tr "\\n" " "');

  const { outcome } = await runToEnd(t, hooks);

  assert.equal(
    outcome.summary,
    `ran ${DRAIN}: APT_LISTCHANGES_FRONTEND CELEROOT_JOB DEBIAN_FRONTEND DEBIAN_PRIORITY HOME LC_ALL ` +
      'NEEDRESTART_MODE NEEDRESTART_SUSPEND PATH TERM UCF_FORCE_CONFFOLD',
  );
});

test('a hook that fails is told with its code and its last line, one that is killed with the signal', async (t) => {
  const hooks = await declare(t, 'echo "lb1 does not answer"; exit 3');
  const { outcome: failed } = await runToEnd(t, hooks);
  await hooks.write('echo once >>"$0.ran"; kill -SEGV $$');
  const { outcome: killed } = await runToEnd(t, hooks);

  assert.equal(failed.failure?.message, `${DRAIN} ended with 3: lb1 does not answer`);
  assert.equal(killed.failure?.message, `${DRAIN} ended by SIGSEGV`);
  assert.equal(await readFile(`${hooks.drain}.ran`, 'utf8'), 'once\n');
});

const REFUSED: readonly (readonly [what: string, bend: (hooks: Hooks) => Promise<void>, why: string])[] = [
  ['of another user', async ({ drain }) => await chown(drain, 1000, 0), `${DRAIN} does not belong to root`],
  [
    'that its group may write',
    async ({ drain }) => await chmod(drain, 0o775),
    `others than root may write to ${DRAIN}`,
  ],
  ['that others may write', async ({ drain }) => await chmod(drain, 0o757), `others than root may write to ${DRAIN}`],
  ['that is not executable', async ({ drain }) => await chmod(drain, 0o644), `${DRAIN} is not executable`],
  [
    'behind a symbolic link',
    async ({ drain }) => {
      await rename(drain, `${drain}-behind`);
      await symlink('drain-behind', drain);
    },
    `${DRAIN} is no regular file`,
  ],
  ['that is missing', async ({ drain }) => await rm(drain), `this host has no ${DRAIN}`],
  [
    'in a folder that others may write',
    async ({ folder }) => await chmod(folder, 0o777),
    'others than root may write to /etc/celeroot/hooks.d',
  ],
];

for (const [what, bend, why] of REFUSED) {
  test(`a hook ${what} is not run`, async (t) => {
    const hooks = await declare(t, 'touch "$(dirname "$0")/../was-run"');
    await bend(hooks);

    const { job, outcome } = await runToEnd(t, hooks);

    assert.deepEqual([outcome.status, outcome.failure?.message], ['failed', why]);
    await assert.rejects(readFile(join(hooks.folder, '../was-run')), { code: 'ENOENT' });
    await assert.rejects(readFile(job.folder.files.output), { code: 'ENOENT' });
  });
}

test('at the time limit a hook ends with what it has started, also when it will not', async (t) => {
  const hooks = await declare(t, 'trap "" TERM; sleep 600 & echo "$$ $!" >"$0.pids"; while :; do sleep 600; done');
  // The limit of the task is ten minutes.
  await writeFile(
    join(hooks.bin, 'timeout'),
    '#!/bin/sh\nfor program; do :; done\nPATH=/usr/bin:/bin\nexec timeout --verbose --kill-after=1 1 "$program"\n',
    { mode: 0o755 },
  );

  const { outcome } = await runToEnd(t, hooks);

  assert.equal(outcome.failure?.message, `${DRAIN} did not end within 10 min and was stopped`);
  const pids = (await readFile(`${hooks.drain}.pids`, 'utf8')).trim().split(' ').map(Number);
  assert.equal(pids.length, 2);
  await waitUntil(() => pids.every((pid) => identifyProcess(pid) === null), 'the hook and its child to be gone');
});

test('a hook whose executor was killed is waited for, and run again', async (t) => {
  const hooks = await declare(
    t,
    'echo begun >>"$0.ran"; while [ -e "$0" ] && [ ! -e "$0.go" ]; do sleep 0.02; done; echo ended >>"$0.ran"',
  );
  const job = await slowJob(t);
  const ran = async (): Promise<string> => await readFile(`${hooks.drain}.ran`, 'utf8').catch(() => '');
  await launchExecutor(job.folder, hooks.self);
  const interrupted = job.follow();
  await waitUntil(async () => (await ran()) === 'begun\n', 'the hook to begin');
  await job.killExecutor();
  assert.equal((await interrupted.toEnd()).end, 'interrupted');

  await launchExecutor(job.folder, hooks.self);
  const again = job.follow();
  await again.hasTold((event) => event.kind === 'waiting');
  assert.equal(await ran(), 'begun\n');
  await writeFile(`${hooks.drain}.go`, '');
  const { end, told } = await again.toEnd();

  assert.ok(end !== 'interrupted' && end.status === 'changed');
  assert.match(
    told.find((event) => event.kind === 'waiting')?.holder ?? '',
    /^the job’s own \/etc\/celeroot\/hooks\.d\/drain \(process \d+\)$/,
  );
  assert.equal(await ran(), 'begun\nended\nbegun\nended\n');
});

type Hooks = {
  /** As this machine sees it, and the folder it is in. */
  readonly drain: string;
  readonly folder: string;
  /** Where programs are looked up first. */
  readonly bin: string;
  readonly write: (script: string) => Promise<void>;
  /** How to start an executor that does `hook.run drain`. */
  readonly self: readonly [string, ...string[]];
};

/** Declares the hook `drain` in an /etc that only the executor sees. */
async function declare(t: TestContext, script: string): Promise<Hooks> {
  const place = await mkdtemp(join(tmpdir(), 'celeroot-hooks-'));
  t.after(async () => await rm(place, { recursive: true }));
  const [etc, bin] = [join(place, 'etc'), join(place, 'bin')];
  const folder = join(etc, 'celeroot/hooks.d');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await mkdir(bin);
  const drain = join(folder, 'drain');
  const write = async (text: string): Promise<void> => {
    await writeFile(drain, `#!/bin/sh\n${text}\n`);
    await chmod(drain, 0o755);
  };
  await write(script);
  const enter = ['unshare', '--mount', '--', 'sh', '-euc', 'mount --bind "$1" /etc; shift; exec "$@"', 'sh'] as const;
  const program = [process.execPath, join(import.meta.dirname, '../support/hook-executor.ts'), 'drain', bin];
  return { drain, folder, bin, write, self: [...enter, etc, ...program] };
}

async function runToEnd(t: TestContext, hooks: Hooks) {
  const job = await slowJob(t);
  await launchExecutor(job.folder, hooks.self);
  const { end } = await job.follow().toEnd();
  assert.ok(end !== 'interrupted', 'the job was interrupted');
  return { job, outcome: end } satisfies { job: SlowJob; outcome: unknown };
}
