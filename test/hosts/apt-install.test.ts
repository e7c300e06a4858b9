import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../src/core/outcome.ts';
import { packageArgumentSchema, parsePackageArgument } from '../../src/core/package-name.ts';
import { findTask } from '../../src/tasks/registry.ts';
import { doTask, performOn, taskContext, type Performed } from '../support/host-performer.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';

let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1, workers: false });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
beforeEach(async () => {
  await host.reset();
  await host.must(['apt-get', '-q', 'update', '--error-on=any']);
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

const install = async (packages: readonly string[], args = {}): Promise<Performed> =>
  await doTask(host, { name: 'apt.install', args: { packages, ...args } });
const remove = async (packages: readonly string[], args = {}): Promise<Performed> =>
  await doTask(host, { name: 'apt.remove', args: { packages, ...args } });

/** `name state version` of packages, `ii` being well installed. */
const states = async (...names: readonly string[]): Promise<string[]> => {
  const { stdout } = await host.run([
    'dpkg-query',
    '-W',
    '-f',
    '${Package} ${db:Status-Abbrev} ${Version}\n',
    ...names,
  ]);
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/ +/g, ' ')]));
};
const changes = ({ transaction }: Outcome): string[] =>
  (transaction?.changes ?? []).map(({ package: name, action, from, to }) => `${name} ${action} ${from} ${to}`);

test('an installed package brings what it needs, shows its progress and is named in apt’s history', async () => {
  const { outcome, status } = await install(['lab-app']);

  assert.equal(outcome.status, 'changed');
  assert.deepEqual(changes(outcome), [
    'lab-app install null 1.0',
    'lab-extras install null 1:1.0-1',
    'lab-lib install null 1.0',
  ]);
  assert.deepEqual(await states('lab-app', 'lab-lib'), ['lab-app ii 1.0', 'lab-lib ii 1.0']);
  assert.match(status, /^dlstatus:/m);
  assert.match(status, /^pmstatus:lab-app:100|^pmstatus:lab-app:\d/m);
  assert.match(await host.must(['cat', '/var/log/apt/history.log']), /Commandline: .*Celeroot::Job=test-job/);
});

test('the same again says nothing changed, and says it at once', async () => {
  await install(['lab-app']);
  const task = findTask('apt.install') ?? assert.fail();
  const args = { packages: ['lab-app'] };

  const again = await install(['lab-app']);
  const atOnce = task.answerAtOnce?.(args, taskContext());

  assert.equal(again.outcome.status, 'unchanged');
  assert.ok(!again.steps.some((step) => step.kind === 'change'));
  assert.ok(atOnce);
  const answered = await performOn(host, requireAnswer(atOnce));
  // At once, nobody looks through all processes for code that was replaced.
  const { health, ...rest } = again.outcome;
  assert.ok(health);
  const { servicesToRestart, ...packages } = health;
  assert.deepEqual(servicesToRestart, []);
  assert.deepEqual(answered.outcome, { ...rest, health: packages });
  assert.ok(answered.steps.every((step) => step.kind === 'read' || step.kind === 'list'));
});

function* requireAnswer<Y, T, N>(work: Generator<Y, T | null, N>): Generator<Y, T, N> {
  return (yield* work) ?? assert.fail('not answered at once');
}

test('names that apt could read otherwise install exactly the package of that name', async () => {
  for (const name of ['lab.sh', 'lab-c+', 'lab-c++']) {
    const { outcome } = await install([name]);
    assert.deepEqual(changes(outcome), [`${name} install null 1.0`]);
  }
  assert.deepEqual(await states('labxsh', 'lab-c'), []);
});

test('a name that only a regular expression would match is no package', async () => {
  await install(['labxsh']);

  const { outcome } = await install(['lab.h']);

  assert.equal(outcome.failure?.kind, 'no_such_package');
  assert.equal(outcome.failure?.hint, 'did you mean lab.sh?');
});

test('no accepted argument makes apt touch a package of another name', async () => {
  await install(['labxsh', 'lab-c', 'lab-c+', 'hello-lab=1.0']);
  const name = fc.constantFrom('lab.sh', 'labxsh', 'lab-c', 'lab-c+', 'lab-c++', 'hello-lab', 'lab-clash');
  const slip = fc.constantFrom(
    '',
    '+',
    '-',
    '.',
    '.*',
    '?',
    '^',
    '~',
    '/lab',
    ':all',
    ':any',
    '=1.0',
    '-=1.0',
    '+:amd64',
  );
  const slips = fc
    .tuple(name, slip, fc.nat(8))
    .map(([good, wrong, at]) => good.slice(0, 8 - at) + wrong + good.slice(8 - at));
  const accepted = fc.sample(slips, 150).filter((text) => packageArgumentSchema.safeParse(text).success);

  assert.ok(accepted.length > 20);
  for (const text of new Set(accepted)) {
    const { outcome } = await doTask(host, {
      name: 'apt.install',
      args: { packages: [text], latest: true },
      dryRun: true,
    });

    const touched = outcome.transaction?.changes.map((change) => change.package) ?? [];
    assert.ok(
      touched.every((one) => one === parsePackageArgument(text).name),
      `${text} touches ${touched.join(', ')}`,
    );
  }
});

test('a virtual package is explained, though it has one provider only', async () => {
  const { outcome } = await install(['lab-hand']);

  assert.equal(outcome.failure?.kind, 'virtual_package');
  assert.match(outcome.failure?.message ?? '', /lab-right/);
  assert.deepEqual(await states('lab-right'), []);
});

test('an exact version is installed, a wrong one names those there are, a downgrade must be named', async () => {
  assert.deepEqual(changes((await install(['hello-lab=1.0'])).outcome), ['hello-lab install null 1.0']);

  const wrong = await install(['hello-lab=9']);
  assert.equal(wrong.outcome.failure?.kind, 'no_such_version');
  assert.match(wrong.outcome.failure?.message ?? '', /there is 1\.1, 1\.0/);

  assert.deepEqual(changes((await install(['hello-lab'], { latest: true })).outcome), ['hello-lab upgrade 1.0 1.1']);

  const refused = await install(['hello-lab=1.0']);
  assert.equal(refused.outcome.failure?.kind, 'downgrade_not_allowed');
  assert.deepEqual(await states('hello-lab'), ['hello-lab ii 1.1']);

  const allowed = await install(['hello-lab=1.0'], { allow_downgrade: ['hello-lab'] });
  assert.deepEqual(changes(allowed.outcome), ['hello-lab downgrade 1.1 1.0']);
});

test('a failing script fails the job, and only that: the next job on the host does its part', async () => {
  const broken = await install(['lab-broken']);

  assert.equal(broken.outcome.status, 'failed');
  assert.equal(broken.outcome.failure?.kind, 'maintainer_script');
  assert.deepEqual(changes(broken.outcome), ['lab-broken install null 1.0']);
  assert.deepEqual(broken.outcome.health?.broken, [{ package: `lab-broken:${await nativeArch()}`, state: 'iF' }]);

  const next = await install(['hello-lab']);

  assert.equal(next.outcome.status, 'changed');
  assert.deepEqual(changes(next.outcome), ['hello-lab install null 1.1']);
  assert.equal(next.outcome.health?.broken.length, 1);
});

const nativeArch = async (): Promise<string> => (await host.must(['dpkg', '--print-architecture'])).trim();

test('what failed once is configured by the next job, which says so', async () => {
  assert.equal((await install(['lab-flaky'])).outcome.failure?.kind, 'maintainer_script');

  const next = await install(['hello-lab']);

  assert.deepEqual(changes(next.outcome), ['hello-lab install null 1.1', 'lab-flaky configure 1.0 1.0']);
  assert.deepEqual(next.outcome.health?.broken, []);
});

test('two packages with one file end in a named conflict and a clean host', async () => {
  await install(['hello-lab']);

  const { outcome } = await install(['lab-clash']);

  assert.equal(outcome.failure?.kind, 'file_conflict');
  assert.deepEqual(outcome.health?.broken, []);
  assert.equal(await host.must(['hello-lab']), 'hello from the lab, version 1.1\n');
});

test('a package in the way is only removed when it is named', async () => {
  await install(['lab-right']);

  const refused = await install(['lab-left']);
  assert.equal(refused.outcome.failure?.kind, 'removal_not_allowed');
  assert.equal(refused.outcome.failure?.hint, 'if that is meant, add: --allow-remove lab-right');
  assert.deepEqual(await states('lab-right'), ['lab-right ii 1.0']);

  const allowed = await install(['lab-left'], { allow_remove: ['lab-right'] });
  assert.deepEqual(changes(allowed.outcome), ['lab-left install null 1.0', 'lab-right remove 1.0 null']);
});

test('a held package is neither upgraded nor removed', async () => {
  await install(['hello-lab=1.0']);
  await host.must(['apt-mark', 'hold', 'hello-lab']);

  assert.equal((await install(['hello-lab=1.1'])).outcome.failure?.kind, 'held');
  assert.equal((await remove(['hello-lab'])).outcome.failure?.kind, 'held');
  assert.deepEqual(await states('hello-lab'), ['hello-lab hi 1.0']);
});

test('a dependency that is asked for becomes wanted for its own sake', async () => {
  await install(['lab-app']);

  const { outcome } = await install(['lab-lib']);

  assert.equal(outcome.status, 'changed');
  assert.equal(outcome.summary, 'lab-lib marked as wanted');
  assert.match(await host.must(['apt-mark', 'showmanual']), /^lab-lib$/m);
});

test('packages that ask, read, shout or leave a daemon behind are installed like others', async () => {
  const { outcome } = await install(['lab-question', 'lab-stdin', 'lab-noisy', 'lab-daemon']);

  assert.equal(outcome.status, 'changed');
  assert.equal(await host.must(['cat', '/etc/lab-question.colour']), 'green\n');
  await host.must(['sh', '-c', 'kill $(cat /run/lab-daemon.pid)']);
});

test('a dry run starts no program that changes anything and leaves dpkg’s files as they are', async () => {
  const files = [
    'sh',
    '-c',
    'cat /var/lib/dpkg/status /var/lib/apt/extended_states /var/log/apt/history.log | sha256sum',
  ];
  await install(['hello-lab=1.0']);
  const as = await host.must(files);

  const planned = await doTask(host, {
    name: 'apt.install',
    args: { packages: ['lab-app', 'hello-lab=1.1'] },
    dryRun: true,
  });

  assert.equal(planned.outcome.status, 'planned');
  assert.ok(!planned.steps.some((step) => step.kind === 'change'));
  assert.ok(changes(planned.outcome).includes('hello-lab upgrade 1.0 1.1'));
  assert.equal(await host.must(files), as);
});

test('a removal takes along what depends on it only by name, and keeps configuration unless told', async () => {
  await install(['lab-app', 'lab-conf']);

  assert.equal((await remove(['lab-lib'])).outcome.failure?.kind, 'removal_not_allowed');
  assert.deepEqual(changes((await remove(['lab-lib', 'lab-app'])).outcome), [
    'lab-app remove 1.0 null',
    'lab-lib remove 1.0 null',
  ]);
  assert.deepEqual(changes((await remove(['lab-conf'])).outcome), ['lab-conf remove 1.0 null']);
  await host.must(['test', '-e', '/etc/lab-conf.conf']);
  assert.equal((await remove(['lab-conf'])).outcome.status, 'unchanged');
  assert.deepEqual(changes((await remove(['lab-conf'], { purge: true })).outcome), ['lab-conf purge null null']);
  assert.notEqual((await host.run(['test', '-e', '/etc/lab-conf.conf'])).code, 0);
});

test('what the host cannot do without stays, and so does what refuses to go', async () => {
  for (const name of ['dpkg', 'apt', 'libgcc-s1', 'perl-base']) {
    assert.equal((await remove([name])).outcome.failure?.kind, 'essential', name);
  }
  await install(['lab-sticky']);

  const sticky = await remove(['lab-sticky']);

  assert.equal(sticky.outcome.failure?.kind, 'maintainer_script');
  assert.deepEqual(await states('lab-sticky'), ['lab-sticky ii 1.0']);
});

test('a job waits for another apt and then does its part', async () => {
  await host.must(['sh', '-c', 'echo 2 >/etc/lab-slow']);
  const other = host.run(['apt-get', '-q', '-y', 'install', 'lab-slow']);
  await host.must(['timeout', '60', 'sh', '-c', 'until pgrep -x dpkg >/dev/null; do sleep 0.05; done']);

  const { outcome } = await install(['hello-lab']);

  assert.deepEqual(changes(outcome).at(0), 'hello-lab install null 1.1');
  assert.equal((await other).code, 0);
  assert.deepEqual(outcome.health?.broken, []);
});
