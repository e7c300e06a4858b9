import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import * as z from 'zod';
import { availableUpgradeSchema } from '../../src/apt/survey-upgrades.ts';
import type { Json } from '../../src/core/json.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { transactionHash } from '../../src/core/transaction.ts';
import { doTask } from '../support/host-performer.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';

let lab: TestLab;
let host: TestHost;

const OLD = ['hello-lab=1.0', 'lab-conf', 'lab-web', 'lab-secure', 'lab-patched', 'linux-image-lab'];

before(async () => {
  lab = await openLab({ hosts: 1, workers: false });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
beforeEach(async () => {
  await host.reset();
  await lab.publish('base');
  await host.must(['apt-get', '-q', 'update', '--error-on=any']);
  await host.must(['apt-get', '-q', '-y', 'install', ...OLD]);
  await host.must(['rm', '-f', '/run/reboot-required']);
  await lab.publish('updates');
  await host.must(['apt-get', '-q', 'update', '--error-on=any']);
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

const upgrade = async (args: Record<string, Json> = {}, context = {}): Promise<Outcome> =>
  (await doTask(host, { name: 'apt.upgrade', args, ...context })).outcome;
const changes = ({ transaction }: Outcome): string[] =>
  (transaction?.changes ?? []).map(({ package: name, action, to }) => `${name} ${action} ${to}`);
const keptBack = ({ transaction }: Outcome): string[] =>
  (transaction?.keptBack ?? []).map(({ package: name, reason }) => `${name} ${reason}`);

test('a list tells security fixes, also where something newer that is none hides them', async () => {
  await host.must(['apt-mark', 'hold', 'lab-conf']);

  const { outcome } = await doTask(host, { name: 'apt.list-upgradable' });

  const { upgradable } = z.object({ upgradable: z.array(availableUpgradeSchema) }).parse(outcome.data);
  assert.deepEqual(
    upgradable.map(({ package: name, to, security, obstacle }) => [name, to, security, obstacle]),
    [
      ['hello-lab', '2.0', false, null],
      ['lab-conf', '2.0', false, 'held'],
      ['lab-patched', '1.1', true, null],
      ['lab-secure', '1.0+deb1', true, null],
      ['lab-web', '2.0', false, null],
      ['linux-image-lab', '6.1.2', false, null],
    ],
  );
  assert.equal(outcome.summary, '6 upgradable, 2 for security');
  const facts = await doTask(host, { name: 'system.facts' });
  assert.deepEqual(z.object({ upgrades: z.unknown() }).parse(facts.outcome.data).upgrades, { total: 6, security: 2 });
});

test('a safe upgrade removes nothing, keeps changed configuration and asks for the reboot it needs', async () => {
  await host.must(['sh', '-c', 'echo mine >/etc/lab-conf.conf']);

  const outcome = await upgrade();

  assert.equal(outcome.status, 'changed');
  assert.deepEqual(changes(outcome), [
    'hello-lab upgrade 2.0',
    'lab-conf upgrade 2.0',
    'lab-patched upgrade 1.1',
    'lab-secure upgrade 1.0+deb1',
    'linux-image-lab upgrade 6.1.2',
  ]);
  assert.deepEqual(keptBack(outcome), ['lab-web dependency']);
  assert.deepEqual(outcome.health, { broken: [], held: [], rebootRequired: true, servicesToRestart: [] });
  assert.equal(await host.must(['cat', '/etc/lab-conf.conf']), 'mine\n');

  const again = await upgrade();
  assert.equal(again.status, 'unchanged');
  assert.equal(again.summary, 'nothing to upgrade, 1 kept back');
});

test('a full upgrade names what it would remove, and removes it when that is allowed', async () => {
  const refused = await upgrade({ mode: 'full' });
  assert.equal(refused.failure?.kind, 'removal_not_allowed');
  assert.equal(refused.failure?.hint, 'if that is meant, add: --allow-remove lab-engine1');
  assert.deepEqual(changes(refused), []);

  const planned = await upgrade({ mode: 'full' }, { dryRun: true });
  assert.equal(planned.status, 'planned');
  assert.ok(changes(planned).includes('lab-engine1 remove null'));
  assert.match(planned.summary, /refused: would remove lab-engine1$/);

  const allowed = await upgrade({ mode: 'full', allow_remove: ['lab-engine1'] });
  assert.equal(allowed.status, 'changed');
  assert.ok(changes(allowed).includes('lab-engine1 remove null'));
  assert.ok(changes(allowed).includes('lab-web upgrade 2.0'));
  assert.deepEqual(keptBack(allowed), []);
});

test('security only takes the newest security version and nothing else', async () => {
  const outcome = await upgrade({ security_only: true });

  assert.deepEqual(changes(outcome), ['lab-patched upgrade 1.0+deb1', 'lab-secure upgrade 1.0+deb1']);
  assert.ok(outcome.transaction?.changes.every((change) => change.security));
  assert.deepEqual(keptBack(outcome), [
    'hello-lab not-security',
    'lab-conf not-security',
    'lab-web not-security',
    'linux-image-lab not-security',
  ]);
});

test('security only holds against a default release and an administrator’s record for one package', async () => {
  await host.must(['sh', '-c', 'echo \'APT::Default-Release "lab";\' >/etc/apt/apt.conf.d/99default']);
  const record = 'Package: hello-lab\\nPin: version 2.0\\nPin-Priority: 900\\n';
  await host.must(['sh', '-c', `printf '${record}' >/etc/apt/preferences.d/hello`]);

  const outcome = await upgrade({ security_only: true });

  assert.deepEqual(changes(outcome), ['lab-patched upgrade 1.0+deb1', 'lab-secure upgrade 1.0+deb1']);
});

test('excluded packages stay as they are, whoever excludes them', async () => {
  const outcome = await upgrade({ exclude: ['hello-*'] }, { exclude: ['linux-image-*', 'lab-c?nf'] });

  assert.deepEqual(changes(outcome), ['lab-patched upgrade 1.1', 'lab-secure upgrade 1.0+deb1']);
  assert.deepEqual(keptBack(outcome), [
    'hello-lab excluded',
    'lab-conf excluded',
    'lab-web dependency',
    'linux-image-lab excluded',
  ]);
});

test('an exclusion outranks the administrator’s preferences, which hold for everything else', async () => {
  const records = [
    'Package: linux-image-lab\\nPin: version 6.1.2\\nPin-Priority: 1001\\n',
    'Package: hello-lab\\nPin: version 1.1\\nPin-Priority: 1001\\n',
  ];
  await host.must(['sh', '-c', `printf '${records.join('\\n')}' >/etc/apt/preferences`]);

  const outcome = await upgrade({}, { exclude: ['linux-image-*'] });

  assert.ok(changes(outcome).includes('hello-lab upgrade 1.1'));
  assert.ok(keptBack(outcome).includes('linux-image-lab excluded'));
});

test('an approved plan is carried out as it is, and refused once it is another', async () => {
  const planned = await upgrade({}, { dryRun: true });
  const expectedPlan = transactionHash(planned.transaction ?? assert.fail('no plan'));

  await host.must(['apt-mark', 'hold', 'hello-lab']);
  const stale = await upgrade({}, { expectedPlan });
  assert.equal(stale.failure?.kind, 'plan_stale');
  assert.deepEqual(changes(stale), []);

  await host.must(['apt-mark', 'unhold', 'hello-lab']);
  const applied = await upgrade({}, { expectedPlan });
  assert.equal(applied.status, 'changed');
  assert.deepEqual(applied.transaction?.changes, planned.transaction?.changes);
});

test('lists that have news count as changed once, and a mirror that is away as a failure', async () => {
  const update = async (): Promise<Outcome> => (await doTask(host, { name: 'apt.update' })).outcome;
  await host.must(['sh', '-c', 'rm -rf /var/lib/apt/lists/*']);

  assert.equal((await update()).status, 'changed');
  assert.equal((await update()).status, 'unchanged');
  await host.must(['sh', '-c', 'echo "deb [trusted=yes] http://127.0.0.1:9/x ./" >/etc/apt/sources.list.d/away.list']);
  const away = await update();
  assert.equal(away.status, 'failed');
  assert.equal(away.failure?.kind, 'network');
});

test('a repository in a folder of the host works like one on the network', async () => {
  await host.must(['sh', '-c', 'cd /srv && apt-get -q download hello-lab=2.0 && dpkg-deb -f hello-lab_2.0*.deb >p']);
  const index =
    'cd /srv && f=$(ls hello-lab_2.0*.deb) && { cat p; echo "Filename: ./$f"; echo "Size: $(stat -c %s $f)"; ' +
    'echo "SHA256: $(sha256sum $f | cut -d" " -f1)"; } >Packages';
  await host.must(['sh', '-c', index]);
  await host.must([
    'sh',
    '-c',
    'rm -f /etc/apt/sources.list.d/* && echo "deb [trusted=yes] file:/srv ./" >/etc/apt/sources.list',
  ]);
  await host.must(['apt-get', '-q', 'update', '--error-on=any']);

  const { outcome } = await doTask(host, { name: 'apt.install', args: { packages: ['hello-lab'], latest: true } });

  assert.deepEqual(changes(outcome), ['hello-lab upgrade 2.0']);
});
