import type { BrokerSettings } from '../core/broker-settings.ts';
import { openControllerBroker } from '../queue/open.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { HostName } from '../core/names.ts';
import { candidatesIn } from '../fleet/candidates.ts';
import { drivenBy, takeWheel } from '../fleet/drive-rollout.ts';
import { followRun, readSnapshot, type FollowOptions } from '../fleet/follow-run.ts';
import type { ResolvedSchedule } from '../fleet/resolve-schedule.ts';
import type { RolledRun } from '../fleet/rolled-run.ts';
import { readRolloutStatus } from '../fleet/rollout-status.ts';
import { witnessOf } from '../fleet/witness.ts';
import { isResting, type RolloutStatus } from '../rollout/status.ts';
import { firstAllowed } from '../schedule/allowed-start.ts';
import { scheduleOfRun } from './schedule-of-run.ts';
import type { Scheduler } from './scheduler-context.ts';

/** After so long, or when the file was changed, it begins anew with the trust file and calendars as they are then. */
const LEG_MS = 10 * 60_000;
/** What hosts report on the steps of a turn, which are runs of their own, ends no waiting. */
const STEPS_WAIT_MS = 200;

export type Driving = {
  /** `user@machine`, for whoever wants to drive meanwhile. */
  readonly by: string;
  /** The Redis that this scheduler has begun with: what the file says of another counts after a restart. */
  readonly settings: BrokerSettings;
};

type Job = Driving & { readonly run: RolledRun; readonly stop: AbortSignal };

/**
 * Drives a roll-out until it has ended, waits for a person or for hosts that are away, another drives it, or `stop`.
 * @throws RejectedError ROLLOUT_DRIVEN once another has taken over; ConnectionError when Redis goes away.
 */
export async function driveOne(scheduler: () => Scheduler, job: Job): Promise<void> {
  const { run, stop } = job;
  const { broker, log } = scheduler();
  const options = await followOptions(scheduler(), stop);
  const snapshot = await readSnapshot(broker, run, options);
  const found = await readRolloutStatus(broker, { run, snapshot }, options);
  if (!isDue(found) && found.decision.kind !== 'finished') return;
  const status = isDue(found) ? await driveOn(scheduler, job) : found;
  if (status === null || stop.aborted) return;
  if (status.decision.kind === 'finished') await broker.rollouts.conclude(run.id);
  log(`run ${run.id}: ${END_TEXTS[status.decision.kind] ?? 'its roll-out waits'}; see  celeroot runs show ${run.id}`);
}

/** Null when another drives it, or `stop`. */
async function driveOn(scheduler: () => Scheduler, job: Job): Promise<RolloutStatus | null> {
  const { run, settings, stop } = job;
  const { log } = scheduler();
  // Who waits for reports on a connection keeps all others from it.
  await using broker = await openControllerBroker(settings, log);
  log(`run ${run.id}: drives its roll-out`);
  while (!stop.aborted) {
    const status = await driveLeg(scheduler, broker, job);
    if (status === null || !isDue(status)) return status;
  }
  return null;
}

const END_TEXTS: Readonly<Partial<Record<RolloutStatus['decision']['kind'], string>>> = {
  finished: 'its roll-out has ended',
  stopped: 'its roll-out has stopped',
  paused: 'its roll-out is paused',
  'wait-offline': 'its roll-out waits for hosts that are away',
};

function isDue(status: RolloutStatus): boolean {
  return status.decision.kind !== 'finished' && !isResting(status);
}

/** Null when another drives it. */
async function driveLeg(scheduler: () => Scheduler, broker: ControllerBroker, job: Job): Promise<RolloutStatus | null> {
  const { plan, clock, owner } = scheduler();
  const { run, by, stop } = job;
  const { fleet } = plan;
  const begunAt = clock.now();
  const options = await followOptions(scheduler(), stop);
  const { witness } = options;
  const byCalendars = mayBeginBy(scheduleOfRun(plan, run.id), begunAt, clock);
  // Once the file was changed nothing begins by what it said before; the next leg knows what it says.
  const mayBegin = (host: HostName): boolean => scheduler().plan === plan && byCalendars(host);
  const wheel = await takeWheel(broker, run, {
    fleet,
    witness,
    clock,
    by,
    owner: `${owner} ${begunAt}`,
    ...(run.slot !== undefined && { mayBegin }),
  });
  if (!('step' in wheel)) return null;
  await using driver = wheel;
  let last: RolloutStatus | null = null;
  const following = followRun(broker, run, {
    ...options,
    staysFor: () => last?.decision.kind !== 'finished',
    ...(run.rollout.steps !== undefined && { waitMs: STEPS_WAIT_MS }),
  });
  for await (const { rollout } of drivenBy(driver, following)) {
    last = rollout;
    const isOld = clock.now() - begunAt > LEG_MS || scheduler().plan !== plan;
    if (last === null || !isDue(last) || isOld) break;
  }
  return last;
}

/** Whether a host may begin now, by the calendars that hold for a schedule; none when it has left the file. */
function mayBeginBy(
  resolved: ResolvedSchedule | null,
  begunAt: number,
  clock: Scheduler['clock'],
): (host: HostName) => boolean {
  if (resolved === null) return () => false;
  const hosts = new Map<string, ReturnType<ResolvedSchedule['hostsIn']>[number]>(
    resolved.hostsIn({ start: begunAt, end: begunAt + LEG_MS }).map((host) => [host.name, host]),
  );
  return (name) => {
    const now = clock.now();
    const calendars = hosts.get(name)?.calendars ?? [];
    return firstAllowed(calendars, { start: now, end: now + 1 }).at === now;
  };
}

async function followOptions({ plan, clock }: Scheduler, signal: AbortSignal): Promise<FollowOptions> {
  const witness = await witnessOf(plan.fleet, clock.now());
  return { clock, signal, witness, candidatesOf: candidatesIn(plan.fleet) };
}
