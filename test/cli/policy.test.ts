import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownerPolicySchema } from '../../src/core/owner-policy.ts';
import { runCli, type CliResult } from '../support/cli.ts';

async function check(text: string, ...args: readonly string[]): Promise<CliResult> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'celeroot-policy-'));
  await writeFile(join(folder.path, 'policy.yaml'), text);
  return await runCli(['policy', 'check', 'policy.yaml', ...args], { cwd: folder.path });
}

const GOOD = `version: 1
deny: {tasks: [apt.remove], packages: ['linux-image-*']}
hours:
  - {days: [sat, sun], from: 01:00, to: 24:00}
`;

test('a policy that is good is shown', async () => {
  const { code, stdout, stderr } = await check(GOOD);
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^tasks denied +apt\.remove$/m);
  assert.match(stdout, /^packages denied +linux-image-\*$/m);
  assert.match(stdout, /^changes begin +sat, sun 01:00–24:00$/m);
  assert.match(stdout, /^two operators sign +none$/m);
  const { policy } = JSON.parse((await check(GOOD, '--json')).stdout);
  assert.deepEqual(policy.deny.tasks, ['apt.remove']);
});

test('the help has all that may stand in one, as a policy that is good', async () => {
  const { stdout } = await runCli(['policy', 'check', '--help']);
  const example = /^ {2}version: 1\n(?: {2}.*\n)+/m.exec(stdout)?.[0] ?? assert.fail(stdout);

  const { code, stdout: shown, stderr } = await check(example.replaceAll(/^ {2}/gm, ''), '--json');

  assert.equal(code, 0, stderr);
  assert.deepEqual(Object.keys(JSON.parse(shown).policy).toSorted(), Object.keys(ownerPolicySchema.shape).toSorted());
});

test('what is wrong with it is named by its place', async () => {
  const { code, stderr } = await check(GOOD.replace('days', 'day'));
  assert.equal(code, 3);
  assert.match(stderr, /^error\[CONFIG_INVALID\]: \S*policy\.yaml:4:6: hours\/0\/day: is not known here; .*days/);
});

for (const [window, findings] of [
  [
    "from: '22:00', to: '22:00'",
    ['to: expected another time than that of from; a whole day is from 00:00 to 24:00, got "22:00"'],
  ],
  ["from: '24:00', to: '05:00'", ['from: expected 00:00, of the day that begins then, got "24:00"']],
  ["from: '22:00', to: '25:00'", ['to: expected a time such as 22:00, in quotes, got "25:00"']],
  [
    "from: '25:00', to: '25:00'",
    [
      'from: expected a time such as 22:00, in quotes, got "25:00"',
      'to: expected a time such as 22:00, in quotes, got "25:00"',
    ],
  ],
] as const) {
  test(`of a window with ${window} all is said, once`, async () => {
    const { code, stderr } = await check(`version: 1\nhours:\n  - { ${window} }\n`);
    assert.equal(code, 3);
    const said = [...stderr.matchAll(/: hours\/0\/(.*)$/gm)].map(([, finding]) => finding);
    assert.deepEqual(said, findings);
  });
}

test('a task that there is not is pointed out', async () => {
  const { code, stderr } = await check('version: 1\ntwo_signers: [apt.instal, apt.*]\n');
  assert.equal(code, 0);
  assert.match(stderr, /^warning: no task is called "apt\.instal"; see {2}celeroot tasks ls\n$/);
});

test('a file that is not there is an error', async () => {
  const { code, stderr } = await runCli(['policy', 'check', 'nowhere.yaml']);
  assert.equal(code, 3);
  assert.match(stderr, /^error\[CONFIG_NOT_FOUND\]: \/nowhere\.yaml does not exist\nhint: without a policy nothing/);
});

test('a pipe, which would hold a worker up, is no policy', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'celeroot-policy-'));
  execFileSync('mkfifo', [join(folder.path, 'policy.yaml')]);
  const { code, stderr } = await runCli(['policy', 'check', 'policy.yaml'], { cwd: folder.path });
  assert.equal(code, 3);
  assert.match(stderr, /^error\[CONFIG_UNREADABLE\]: \S+ is a pipe/);
});

test('a device is no policy, and nobody is told to change its mode', async () => {
  const { code, stderr } = await runCli(['policy', 'check', '/dev/zero'], { cwd: tmpdir() });
  assert.equal(code, 3);
  assert.equal(stderr, 'error[CONFIG_UNREADABLE]: /dev/zero is a device\nhint: name a regular file\n');
});
