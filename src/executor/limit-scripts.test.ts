import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { waitUntil } from '../../test/support/redis.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { hostNameSchema } from '../core/names.ts';
import { identifyProcess } from '../host/process-id.ts';
import { runCommand } from '../host/run-command.ts';
import { createJobFolder, jobFolder, type JobFolder } from './job-folder.ts';
import { limitScripts } from './limit-scripts.ts';

const SOON = { graceMs: 50, killMs: 100 };
const NEVER = { graceMs: 50, killMs: 600_000 };

test('a script that hangs is stopped with what runs below it, and dpkg goes on', async (t) => {
  const { folder, dpkg } = await setUp(t, 'sleep 600; echo not reached');
  using limit = limitScripts(folder, () => true, NEVER);

  assert.equal(await dpkg(), 'dpkg goes on after 143\n');

  assert.deepEqual(limit.stopped(), ['postinst of lab-hangs']);
  await waitUntil(
    async () => (await readFile(folder.files.output, 'utf8')).includes('SIGTERM to the postinst of lab-hangs'),
    'a note in the output',
  );
});

test('a script that does not heed SIGTERM is killed', async (t) => {
  const { folder, dpkg, place } = await setUp(t, 'trap "" TERM; echo >deaf; while true; do sleep 0.1; done');
  using limit = limitScripts(folder, () => existsSync(join(place, 'deaf')), SOON);

  assert.equal(await dpkg(), 'dpkg goes on after 137\n');

  assert.deepEqual(limit.stopped(), ['postinst of lab-hangs']);
});

test('what a script has left running is not touched', async (t) => {
  const { folder, dpkg, leave } = await setUp(t, 'sleep 600');
  const left = await leave('while true; do sleep 0.1; done');
  using _limit = limitScripts(folder, () => true, NEVER);

  assert.equal(await dpkg(), 'dpkg goes on after 143\n');

  assert.ok(identifyProcess(left) !== null);
});

test('before the deadline every script may take its time', async (t) => {
  const { folder, dpkg, place } = await setUp(t, 'until test -e asked; do sleep 0.02; done');
  let asked = 0;
  const isOutOfTime = (): boolean => {
    asked += 1;
    if (asked === 5) void writeFile(join(place, 'asked'), '');
    return false;
  };
  using limit = limitScripts(folder, isOutOfTime, SOON);

  assert.equal(await dpkg(), 'dpkg goes on after 0\n');

  assert.deepEqual(limit.stopped(), []);
});

type Scene = {
  readonly folder: JobFolder;
  readonly place: string;
  /** Runs a program called dpkg that starts the script as dpkg would; returns what it says. */
  readonly dpkg: () => Promise<string>;
  /** Has it start another script and end before that does; returns the process that is left. */
  readonly leave: (script: string) => Promise<number>;
};

async function setUp(t: TestContext, script: string): Promise<Scene> {
  const place = await mkdtemp(join(tmpdir(), 'celeroot-scripts-'));
  t.after(async () => await rm(place, { recursive: true }));
  const folder = jobFolder(place, jobIdFor(makeRunId(0, new Uint8Array(10)), hostNameSchema.parse('web1')));
  await createJobFolder(folder, '{}');
  const start = 'sh -c "$1" /var/lib/dpkg/info/lab-hangs.postinst configure';
  const program = `if test "$2" = leave; then ${start} & exit 0; fi; ${start}; echo "dpkg goes on after $?"`;
  await writeFile(join(place, 'dpkg'), `#!/bin/sh\ncd ${place}\n${program}\n`);
  await chmod(join(place, 'dpkg'), 0o755);
  const env = {
    CELEROOT_JOB: folder.job,
    DPKG_MAINTSCRIPT_PACKAGE: 'lab-hangs',
    DPKG_MAINTSCRIPT_NAME: 'postinst',
  };
  const run = async (...args: readonly string[]): Promise<string> =>
    (await runCommand(['dpkg', ...args], { env, searchPath: `${place}:/usr/bin:/bin` })).stdout;
  return {
    folder,
    place,
    dpkg: async () => await run(script),
    leave: async (daemon) => {
      await run(`echo $$ >pid; ${daemon}`, 'leave');
      let pid = 0;
      await waitUntil(async () => {
        pid = Number(await readFile(join(place, 'pid'), 'utf8').catch(() => ''));
        return pid > 0;
      }, 'what is left to run');
      t.after(() => process.kill(pid, 'SIGKILL'));
      return pid;
    },
  };
}
