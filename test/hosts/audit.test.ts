import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';

/** What was done on a real host besides celeroot, by apt's own history. */
let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1 });
  [host = assert.fail('the lab has no host')] = lab.hosts;
  await lab.publish('base');
  await host.must(['apt-get', 'update', '-q', '--error-on=any']);
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

const reportSchema = z.object({
  findings: z.array(z.object({ severity: z.string(), host: z.string(), what: z.string(), text: z.string() })),
});

async function findings(...flags: string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await lab.celeroot(['audit', 'verify', '--json', ...flags]);
  const { findings: all } = reportSchema.parse(JSON.parse(stdout === '' ? stderr : stdout));
  return all.map(({ severity, what, text }) => `${severity} ${what} ${text}`);
}

/** apt's history knows whole seconds, so what began within the last one is looked at by the next verification too. */
const PAST_ITS_SECOND_MS = 2100;

async function code(...argv: string[]): Promise<number | null> {
  return (await lab.celeroot(argv)).code;
}

test('apt by hand shows as done besides celeroot, an install by celeroot does not, a false mark is found', async () => {
  assert.equal(await code('apt', 'install', 'hello-lab', '--host', 'web1'), 0);
  assert.deepEqual(await findings(), []);
  assert.equal(await code('audit', 'verify', '--full', '--strict'), 0);

  await host.must(['env', 'SUDO_UID=33', 'apt-get', '-q', '-y', 'install', 'lab-lib']);
  await sleep(PAST_ITS_SECOND_MS);

  const byHand =
    /^outside apt-outside apt-get -q -y install lab-lib, requested by www-data \(33\): Install lab-lib:\w+ \(/;
  assert.match((await findings()).join('\n'), byHand);
  assert.deepEqual(await findings(), [], 'it is told once');
  assert.equal((await findings('--full')).filter((each) => byHand.test(each)).length, 1);
  assert.equal(await code('audit', 'verify', '--full'), 0);
  assert.equal(await code('audit', 'verify', '--full', '--strict'), 7);

  const mark = 'Celeroot::Job=01M88JMHVN5AE1HP57Z9R8VM8E.web1';
  await host.must(['apt-get', '-q', '-y', '-o', mark, 'remove', 'lab-lib']);
  assert.match(
    (await findings()).join('\n'),
    /^changed apt-forged .*, 01M88JMHVN5AE1HP57Z9R8VM8E\.web1: .*Remove lab-lib/,
  );
  assert.equal(await code('audit', 'verify'), 7);
});
