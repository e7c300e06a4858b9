import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import * as z from 'zod';
import { compareChecks } from '../../src/core/compare-checks.ts';
import { hostCheckSchema, type HostCheck } from '../../src/core/host-check.ts';
import { outcomeSchema, type Outcome } from '../../src/core/outcome.ts';
import { untilOnHost } from '../support/crash-scene.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';
import { installLabWeb, replaceLabPerl } from '../support/lab-web.ts';
import { waitUntil } from '../support/redis.ts';

const LIMIT = { timeout: 240_000 };

let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1, workers: false, systemd: true });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
beforeEach(async () => {
  await host.reset();
  await host.startWorker();
  await host.workerOnline();
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

test('a check finds what is well, and afterwards what got worse', LIMIT, async () => {
  await installLabWeb(host);
  await declareCheck('exit 0');
  const shown = await lab.celeroot(['system', 'check', '--host', 'web1', '--port', '8080', '--check', 'well']);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^HOST +LOOKED AT +FOUND +WHICH$/m);
  assert.match(shown.stdout, /^web1 +port 8080 +ok +accepts$/m);
  assert.match(shown.stdout, /^web1 +disk \/ +\d+ % free/m);
  const earlier = await checkHost();
  await declareCheck('echo 17 s behind >&2; exit 2');

  await host.must(['systemctl', 'kill', '--signal=KILL', 'lab-web']);
  await untilOnHost(host, 'systemctl --quiet is-failed lab-web');
  const later = await checkHost();

  assert.deepEqual(
    compareChecks(earlier, later).map(({ message }) => message),
    [
      'lab-web.service has failed',
      'port 8080 answered before: nothing accepts on port 8080',
      'url http://www.example.org:8080/health answered before: nothing accepts on port 8080',
      'check well answered before: ended with 2: 17 s behind',
    ],
  );
  assert.deepEqual(compareChecks(later, earlier), []);
});

test('a declared check is not run when others than root may write to it, or it is not declared', LIMIT, async () => {
  await declareCheck('touch /run/was-run');
  await host.must(['chmod', 'o+w', '/etc/celeroot/checks.d/well']);
  await host.must(['ln', '-s', '/bin/touch', '/etc/celeroot/checks.d/link']);

  const { outcome, code } = await ask('system.check', '--check', 'well', '--check', 'link', '--check', 'absent');

  assert.equal(code, 1);
  assert.deepEqual(
    hostCheckSchema.parse(outcome.data).probes.map(({ detail }) => detail),
    [
      'others than root may write to /etc/celeroot/checks.d/well',
      '/etc/celeroot/checks.d/link is no regular file',
      'this host has no /etc/celeroot/checks.d/absent',
    ],
  );
  assert.notEqual((await host.run(['test', '-e', '/run/was-run'])).code, 0);
});

test('a service is restarted, once it is no dry run, and one that fails is named', LIMIT, async () => {
  await installLabWeb(host);
  const pid = await mainPid();

  const planned = await ask('service.restart', 'lab-web', '--dry-run');
  assert.deepEqual([planned.outcome.status, await mainPid()], ['planned', pid]);
  const restarted = await ask('service.restart', 'lab-web');
  assert.deepEqual([restarted.outcome.status, restarted.outcome.summary], ['changed', 'restarted lab-web.service']);
  assert.notEqual(await mainPid(), pid);

  await host.must(['sh', '-c', 'echo "exit 3" >/usr/local/bin/lab-web']);
  const broken = await ask('service.restart', 'lab-web');

  assert.equal(broken.code, 1);
  assert.equal(broken.outcome.failure?.message, 'lab-web.service is failed (exit-code)');
  const idle = await ask('service.restart', 'lab-web');
  assert.deepEqual(
    [idle.outcome.status, idle.outcome.summary],
    ['unchanged', 'left as they are: lab-web.service (failed)'],
  );
  const unknown = await ask('service.restart', 'no-such');
  assert.equal(unknown.outcome.failure?.message, 'there is no no-such.service');
});

test('a service that runs a replaced program is named after an apt job, and restarted when asked', LIMIT, async () => {
  await installLabWeb(host);
  await host.must(['apt-get', 'update', '-q', '--error-on=any']);
  await replaceLabPerl(host);
  const installed = await ask('apt.install', 'hello-lab');
  assert.ok(installed.outcome.health?.servicesToRestart?.includes('lab-web.service'), JSON.stringify(installed));
  const shown = await lab.celeroot(['runs', 'show', 'latest']);
  assert.match(shown.stdout, /^services to restart: .*lab-web\.service/m);

  const restarted = await ask('service.restart', '--outdated');

  assert.equal(restarted.outcome.status, 'changed');
  assert.match(restarted.outcome.summary, /lab-web\.service/);
  const again = await ask('apt.remove', 'hello-lab');
  assert.equal(again.outcome.health?.servicesToRestart?.includes('lab-web.service'), false);
});

test('a host reboots only when that is required, and tells when it is back', LIMIT, async () => {
  const unasked = await ask('system.reboot', '--yes');
  assert.deepEqual([unasked.outcome.status, unasked.outcome.summary], ['unchanged', 'no reboot required']);
  const first = await bootId();
  await host.must(['sh', '-c', 'echo lab-reboot >/run/reboot-required.pkgs; touch /run/reboot-required']);
  const planned = await ask('system.reboot', '--dry-run');
  assert.equal(planned.outcome.summary, 'would reboot: asked for by lab-reboot');

  const asked = ask('system.reboot', '--yes', '--wait');
  await goDownAndUp();
  const { outcome, code } = await asked;

  assert.deepEqual([outcome.status, code], ['changed', 0], JSON.stringify(outcome));
  assert.match(outcome.summary, /^rebooted, kernel /);
  const second = await bootId();
  assert.notEqual(second, first);
  const { before: was, after: is } = z.looseObject({ before: boot, after: boot }).parse(outcome.data);
  assert.deepEqual([was.bootId, is.bootId], [first, second]);
  assert.equal((await ask('system.reboot', '--yes')).outcome.status, 'unchanged');
});

test('the worker and the executor may die while the machine goes down', LIMIT, async () => {
  const first = await bootId();
  await host.must(['touch', '/run/reboot-required']);
  // Keeps the machine in the middle of its shutdown until it is let go.
  await host.must([
    'systemd-run',
    '--unit=holder',
    '--property=ExecStop=/bin/sh -c "while test -e /run/hold; do sleep 0.1; done"',
    '--property=RemainAfterExit=yes',
    'touch',
    '/run/hold',
  ]);
  const asked = ask('system.reboot', '--yes', '--wait');
  await waitUntil(
    async () => (await host.run(['systemctl', 'is-system-running'])).stdout === 'stopping\n',
    'a shutdown',
    60_000,
  );

  await host.run(['pkill', '-KILL', '-f', 'celeroot']);
  await host.must(['rm', '/run/hold']);
  await goDownAndUp();

  const { outcome } = await asked;
  assert.equal(outcome.status, 'changed', JSON.stringify(outcome));
  assert.notEqual(await bootId(), first);
});

const boot = z.strictObject({ bootId: z.string(), kernel: z.string() });

async function goDownAndUp(): Promise<void> {
  await waitUntil(() => host.isOff(), `${host.name} to be off`, 90_000);
  await host.reboot();
  await host.startWorker();
}

async function bootId(): Promise<string> {
  return (await host.must(['cat', '/proc/sys/kernel/random/boot_id'])).trim();
}

async function mainPid(): Promise<string> {
  return await host.must(['systemctl', 'show', '--property=MainPID', '--value', 'lab-web']);
}

async function declareCheck(script: string): Promise<void> {
  await host.must(['install', '-d', '-m', '755', '/etc/celeroot/checks.d']);
  await host.must(['tee', '/etc/celeroot/checks.d/well'], { input: `#!/bin/sh\n${script}\n` });
  await host.must(['chmod', '755', '/etc/celeroot/checks.d/well']);
}

async function checkHost(): Promise<HostCheck> {
  const url = 'http://www.example.org:8080/health';
  return hostCheckSchema.parse(
    (await ask('system.check', '--port', '8080', '--url', url, '--check', 'well')).outcome.data,
  );
}

const doneSchema = z.looseObject({
  type: z.literal('report'),
  event: z.looseObject({ kind: z.literal('done'), outcome: outcomeSchema }),
});

/** What the host says in the end. */
async function ask(...argv: readonly string[]): Promise<{ readonly outcome: Outcome; readonly code: number | null }> {
  const { stdout, stderr, code } = await lab.celeroot(['run', ...argv, '--host', 'web1', '--json']);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const outcomes = lines.flatMap((line) => doneSchema.safeParse(JSON.parse(line)).data?.event.outcome ?? []);
  assert.equal(outcomes.length, 1, `${argv.join(' ')}: ${stdout}${stderr}`);
  return { outcome: outcomes[0] ?? assert.fail(), code };
}
