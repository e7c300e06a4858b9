import assert from 'node:assert/strict';
import * as z from 'zod';
import { outcomeSchema, type Outcome } from '../../src/core/outcome.ts';
import { reportSchema, type ReportEvent } from '../../src/core/report.ts';
import type { TestHost, TestLab } from './lab.ts';
import { waitUntil } from './redis.ts';

/** What can be killed on a host, and how its process is known there. */
export const VICTIMS = {
  worker: '*" worker /etc/celeroot/"*',
  executor: '*" executor /var/lib/celeroot "*',
  apt: '"apt-get "*',
  dpkg: '*"dpkg "*',
  script: '*"/var/lib/dpkg/"*".p"*"inst"*',
} as const;
export type Victim = keyof typeof VICTIMS;

/** A run that goes on while the test does harm. */
export type InstallRun = {
  /** Resolves when the command line has seen the end of the run. */
  readonly ended: Promise<{ readonly code: number; readonly stderr: string; readonly events: readonly ReportEvent[] }>;
};

/** A fresh host with its worker and apt's lists, where slow scripts take a second. */
export async function freshHost(host: TestHost): Promise<void> {
  await host.reset();
  await host.must(['sh', '-c', 'echo 1 >/etc/lab-slow; echo 1 >/etc/lab-slow-unpack']);
  await host.must(['apt-get', 'update', '-q', '--error-on=any']);
  await host.startWorker();
  // An order issued before the ledger begins is refused.
  await untilOnHost(host, 'test -e /var/lib/celeroot/birth');
}

export function beginInstall(lab: TestLab, host: TestHost, packages: readonly string[]): InstallRun {
  const argv = ['run', 'apt.install', ...packages, '--host', host.name, '--wait', '--json'];
  const ended = lab.celeroot(argv).then(({ code, stdout, stderr }) => {
    const lines = stdout.split('\n').filter((line) => line !== '');
    assert.ok(lines.length > 0, `the run did not start: ${stderr}`);
    return { code, stderr, events: lines.flatMap((line) => eventIn(line) ?? []) };
  });
  // Looked at when the harm is done.
  ended.catch(() => undefined);
  return { ended };
}

/** Waits until dpkg says this of the package, e.g. `iF`: its postinst runs. */
export async function untilState(host: TestHost, name: string, state: string): Promise<void> {
  await waitUntil(async () => (await stateOf(host, name)) === state, `${name} on ${host.name} to be ${state}`, 60_000);
}

/** A shell loop on the host until a command there succeeds, for at most a minute. */
export async function untilOnHost(host: TestHost, command: string): Promise<void> {
  await host.must(['timeout', '60', 'sh', '-c', `until ${command}; do sleep 0.05; done`]);
}

/** For `perl -e`: holds dpkg's lock, as a foreign program would, until `releasePackageLock`. */
export const HOLD_PACKAGE_LOCK = `use Fcntl; open(F, "+<", "/var/lib/dpkg/lock-frontend") or die;
  my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $lock) or die;
  open(D, ">", "/run/held") or die; close(D); sleep(1) while -e "/run/held";`;

export async function untilPackageLockIsHeld(host: TestHost): Promise<void> {
  await untilOnHost(host, 'test -e /run/held');
}

export async function releasePackageLock(host: TestHost): Promise<void> {
  await host.must(['rm', '/run/held']);
}

/** Waits until a job on the host has told that another program holds the lock it needs. */
export async function untilJobWaitsForLock(host: TestHost): Promise<void> {
  await untilOnHost(host, 'grep -qs holder /var/lib/celeroot/jobs/*/events.jsonl');
}

export async function stateOf(host: TestHost, name: string): Promise<string> {
  const { stdout } = await host.run(['dpkg-query', '-W', '-f', '${db:Status-Abbrev}', name]);
  return stdout.trim();
}

/** Sends a signal to all processes of these kinds at once; returns how many there were. */
export async function signalOnHost(host: TestHost, signal: string, victims: readonly Victim[]): Promise<number> {
  const patterns = victims.map((victim) => VICTIMS[victim]).join('|');
  const script = `
found=
for process in /proc/[0-9]*; do
  command=$(tr '\\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
  case $command in "sh -c"*) ;; ${patterns}) found="$found \${process#/proc/}" ;; esac
done
test -z "$found" || kill -s ${signal} $found 2>/dev/null
echo $found`;
  const { stdout } = await host.run(['sh', '-c', script]);
  return stdout.split(/\s+/).filter((pid) => pid !== '').length;
}

/**
 * Fails unless the run came to exactly one result, which says what is true on the host: all packages are installed by
 * this job, and dpkg is clean.
 */
export async function assertOneTrueResult(
  host: TestHost,
  run: InstallRun,
  packages: readonly string[],
): Promise<Outcome> {
  const { code, stderr, events } = await run.ended;
  const outcomes = events.flatMap((event) => (event.kind === 'done' ? event.outcome : []));
  const said = JSON.stringify(outcomes);
  assert.equal(outcomes.length, 1, `expected one result, got ${said} after ${JSON.stringify(events)} ${stderr}`);
  const outcome = outcomeSchema.parse(outcomes[0]);
  assert.equal(outcome.status, 'changed', said);
  assert.equal(code, 0, said);
  assert.deepEqual(outcome.health?.broken, [], said);
  assert.equal(await host.must(['dpkg', '--audit']), '');
  assert.equal(await host.must(['ls', '/var/lib/dpkg/updates']), '');
  await host.must(['apt-get', 'check', '-q']);
  const changes = outcome.transaction?.changes ?? [];
  for (const name of packages) {
    const version = await host.must(['dpkg-query', '-W', '-f', '${Version}', name]);
    const change = changes.find((entry) => entry.package === name);
    assert.deepEqual([change?.action, change?.from, change?.to], ['install', null, version], `${name}: ${said}`);
    assert.equal(await stateOf(host, name), 'ii');
  }
  return outcome;
}

/** How often apt changed packages on the host for any of our jobs, and how often it came to the end of it. */
export async function aptHistory(host: TestHost): Promise<{ readonly begun: number; readonly ended: number }> {
  const history = await host.must(['cat', '/var/log/apt/history.log']);
  const ours = history.split('\n\n').filter((entry) => entry.includes('Celeroot::Job='));
  return { begun: ours.length, ended: ours.filter((entry) => entry.includes('End-Date:')).length };
}

const lineSchema = z.looseObject({ type: z.literal('report'), event: reportSchema.shape.event });

function eventIn(line: string): ReportEvent | null {
  return lineSchema.safeParse(JSON.parse(line)).data?.event ?? null;
}
