import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { compareVersions } from '../../src/apt/compare-versions.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { doTask } from '../support/host-performer.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';

let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1, workers: false });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
beforeEach(async () => {
  await host.reset();
  await lab.publish('base');
  await host.must(['apt-get', '-q', 'update', '--error-on=any']);
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

/** Starts apt-get as an administrator would and kills it, dpkg and its scripts as soon as `until` succeeds. */
async function killAptWhen(until: string, args: readonly string[]): Promise<void> {
  const [program = '', ...rest] = host.argv(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...args]);
  const child = spawn(program, rest, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const kill = 'pkill -KILL -x "apt-get|dpkg|preinst|postinst"; pkill -KILL -f "^/bin/sh /var/lib/dpkg/"; true';
  await host.must(['timeout', '30', 'sh', '-c', `until ${until}; do sleep 0.01; done; ${kill}`]);
  await ended;
}

const stateIs = (name: string, state: string): string =>
  `dpkg-query -W -f '\${db:Status-Abbrev}' ${name} 2>/dev/null | grep -q '^${state}'`;

async function assertClean(outcome: Outcome): Promise<void> {
  assert.deepEqual(outcome.health?.broken, []);
  assert.equal(await host.must(['dpkg', '--audit']), '');
  await host.must(['apt-get', '-q', 'check']);
  assert.equal(await host.must(['sh', '-c', 'ls /var/lib/dpkg/updates | grep -v tmp || true']), '');
}

const changes = ({ transaction }: Outcome): string[] =>
  (transaction?.changes ?? []).map(({ package: name, action, to }) => `${name} ${action} ${to}`);

test('what dpkg was killed at while it unpacked is unpacked again, whatever the next job is', async () => {
  await killAptWhen(stateIs('lab-slow-unpack', 'iHR'), ['install', 'lab-slow-unpack']);
  await host.must(['sh', '-c', 'echo 0 >/etc/lab-slow-unpack']);

  const { outcome } = await doTask(host, { name: 'apt.install', args: { packages: ['hello-lab'] } });

  assert.deepEqual(changes(outcome), ['hello-lab install 1.1', 'lab-slow-unpack reinstall 1.0']);
  await assertClean(outcome);
});

test('when no mirror has the version dpkg was killed at, the one there is takes its place', async () => {
  await killAptWhen(stateIs('lab-slow-unpack', 'iHR'), ['install', 'lab-slow-unpack']);
  await host.must(['sh', '-c', 'echo 0 >/etc/lab-slow-unpack; apt-get clean']);
  await lab.publish('pruned');
  await host.must(['apt-get', '-q', 'update', '--error-on=any']);

  const { outcome } = await doTask(host, { name: 'apt.install', args: { packages: ['hello-lab'] } });

  assert.deepEqual(changes(outcome), ['hello-lab install 2.0', 'lab-slow-unpack upgrade 2.0']);
  await assertClean(outcome);
});

test('what was killed while its script ran is configured', async () => {
  await killAptWhen(stateIs('lab-slow', 'iF'), ['install', 'lab-slow']);
  await host.must(['sh', '-c', 'echo 0 >/etc/lab-slow']);

  const { outcome } = await doTask(host, { name: 'apt.remove', args: { packages: ['hello-lab'] } });

  assert.deepEqual(changes(outcome), ['lab-slow configure 1.0']);
  await assertClean(outcome);
});

test('a package that never configures keeps no other from being purged', async () => {
  await host.must(['apt-get', '-q', '-y', 'install', 'lab-conf']);
  await host.run(['apt-get', '-q', '-y', 'install', 'lab-broken']);

  const { outcome } = await doTask(host, { name: 'apt.remove', args: { packages: ['lab-conf'], purge: true } });

  assert.deepEqual([outcome.status, changes(outcome)], ['changed', ['lab-conf purge null']]);
  assert.deepEqual(outcome.health?.broken, [{ package: 'lab-broken:amd64', state: 'iF' }]);
  assert.notEqual((await host.run(['ls', '/etc/lab-conf.conf'])).code, 0);
});

test('an upgrade killed at any point is finished by the next one', async (t) => {
  await host.must(['apt-get', '-q', '-y', 'install', 'lab-set']);
  await lab.publish('updates');
  await host.must(['apt-get', '-q', 'update', '--error-on=any']);
  const points = [
    stateIs('lab-part1', 'iHR'),
    stateIs('lab-part5', 'iU'),
    stateIs('lab-part3', 'iF'),
    stateIs('lab-part8', 'iF'),
  ];
  for (const point of points) {
    await host.must(['apt-get', '-q', '-y', '--allow-downgrades', 'install', ...older()]);
    await killAptWhen(point, ['dist-upgrade']);

    const { outcome } = await doTask(host, { name: 'apt.upgrade' });

    t.diagnostic(`${point}: ${outcome.summary}`);
    assert.equal(outcome.failure, null);
    await assertClean(outcome);
    const versions = await host.must(['dpkg-query', '-W', '-f', '${Version}\n', 'lab-set', 'lab-part*']);
    assert.equal(versions, '2.0\n'.repeat(9));
  }
});

const older = (): string[] =>
  ['lab-set', ...Array.from({ length: 8 }, (_, at) => `lab-part${at + 1}`)].map((name) => `${name}=1.0`);

test('a dry run on a host that was left half done changes nothing and says what is broken', async () => {
  await killAptWhen(stateIs('lab-slow-unpack', 'iHR'), ['install', 'lab-slow-unpack']);

  const { outcome, steps } = await doTask(host, {
    name: 'apt.install',
    args: { packages: ['hello-lab'] },
    dryRun: true,
  });

  assert.equal(outcome.status, 'planned');
  assert.deepEqual(changes(outcome), ['hello-lab install 1.1']);
  assert.equal(outcome.health?.broken[0]?.state, 'iHR');
  assert.ok(!steps.some((step) => step.kind === 'change'));
});

test('versions are ordered as dpkg orders them', async () => {
  const version = fc
    .tuple(
      fc.constantFrom('', '0:', '1:'),
      fc.stringMatching(/^[0-9][0-9A-Za-z.+~]{0,7}$/),
      fc.constantFrom('', '-1', '-0', '-1~deb12u1', '-1+b1', '-0ubuntu1.2', '-1~'),
    )
    .map((parts) => parts.join(''));
  const pairs = fc.sample(fc.tuple(version, version), 500);
  const script =
    'while read -r a b; do dpkg --compare-versions "$a" lt "$b" && echo -1 && continue; ' +
    'dpkg --compare-versions "$a" eq "$b" && echo 0 || echo 1; done';

  const said = await host.must(['sh', '-c', script], { input: pairs.map((pair) => `${pair.join(' ')}\n`).join('') });

  const ours = pairs.map(([a, b]) => Math.sign(compareVersions(a, b)) || 0);
  assert.deepEqual(
    pairs.map((pair, at) => [...pair, ours[at]]),
    pairs.map((pair, at) => [...pair, Number(said.split('\n')[at])]),
  );
});
