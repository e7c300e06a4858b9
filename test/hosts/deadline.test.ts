import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import * as z from 'zod';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';
import { waitUntil } from '../support/redis.ts';
import { runStory } from '../support/run-story.ts';
import type { Outcome } from '../../src/core/outcome.ts';

/** What becomes of jobs that take longer than they may, or hang, on a real host. */
let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1 });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
beforeEach(async () => {
  await host.reset();
  await host.must(['apt-get', 'update', '-q', '--error-on=any']);
  await host.startWorker();
  await host.workerOnline();
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

async function resultOf(...argv: string[]): Promise<Outcome> {
  const { stdout } = await lab.celeroot([...argv, '--json']);
  return runStory(stdout).result(host.name);
}

async function stateOf(name: string): Promise<string> {
  const { stdout } = await host.run(['dpkg-query', '-W', '-f', '${db:Status-Abbrev}', name]);
  return stdout.trim();
}

/** A mirror that takes connections and never answers, and an apt that is patient with it. */
async function addSilentMirror(): Promise<void> {
  const listen = 'my $s = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1:81") or die; sleep 600';
  const script = `
echo 'Acquire::http::Timeout "600";' >/etc/apt/apt.conf.d/99patient
echo 'deb [trusted=yes] http://127.0.0.1:81/ lab main' >/etc/apt/sources.list.d/silent.list
setsid perl -MIO::Socket::INET -e '${listen}' >/dev/null 2>&1 </dev/null &`;
  await host.must(['sh', '-c', script]);
}

test('a script that hangs past the deadline is stopped, the job says so, and the next job repairs', async () => {
  await host.must(['sh', '-c', 'echo 600 >/etc/lab-slow']);

  const outcome = await resultOf('apt', 'install', 'lab-slow', 'hello-lab', '--host', 'web1', '--deadline', '2s');

  assert.equal(outcome.status, 'failed');
  assert.equal(outcome.failure?.kind, 'out_of_time');
  assert.equal(outcome.failure.message, 'out of time: the postinst of lab-slow hung and was stopped');
  assert.deepEqual(outcome.health?.broken, [{ package: 'lab-slow:amd64', state: 'iF' }]);
  assert.equal(await stateOf('hello-lab'), 'ii');
  assert.equal((await host.run(['pgrep', '-x', 'dpkg|apt-get'])).stdout, '');
  assert.equal(await host.must(['find', '/var/lib/dpkg/updates', '-type', 'f']), '');

  const { stdout } = await lab.celeroot(['runs', 'logs', 'latest', '--json']);
  const { outputs } = z
    .object({ outputs: z.array(z.looseObject({ missingBytes: z.int() })) })
    .parse(JSON.parse(stdout));
  assert.equal(outputs[0]?.missingBytes, 0);

  await host.must(['sh', '-c', 'echo 0 >/etc/lab-slow']);
  const next = await resultOf('apt', 'install', 'lab-slow', '--host', 'web1');
  assert.deepEqual([next.status, next.health?.broken], ['changed', []]);
});

test('a commit that is only late is finished, and says so', async () => {
  await host.must(['sh', '-c', 'echo 5 >/etc/lab-slow']);

  const outcome = await resultOf('apt', 'install', 'lab-slow', '--host', 'web1', '--deadline', '2s');

  assert.equal(outcome.status, 'changed');
  assert.match(outcome.summary, /^lab-slow 1\.0; ended \d+\.\d s after its deadline$/);
});

test('fetching lists from a mirror that is silent ends with the deadline', async () => {
  await addSilentMirror();

  const outcome = await resultOf('apt', 'update', '--host', 'web1', '--deadline', '2s');

  assert.equal(outcome.status, 'failed');
  assert.equal(outcome.failure?.message, 'out of time while refreshing');
  assert.equal((await host.run(['pgrep', '-x', 'apt-get'])).stdout, '');
});

test('fetching lists from a mirror that is silent can be cancelled', async () => {
  await addSilentMirror();
  await lab.celeroot(['apt', 'update', '--host', 'web1', '--detach']);
  await waitUntil(async () => (await host.run(['pgrep', '-x', 'apt-get'])).code === 0, 'apt-get to run', 30_000);

  await lab.celeroot(['runs', 'cancel', 'latest']);
  const outcome = await resultOf('runs', 'show', 'latest', '--follow');

  assert.equal(outcome.status, 'cancelled');
  assert.equal((await host.run(['pgrep', '-x', 'apt-get'])).stdout, '');
});
