import type { FleetConfig } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import { RejectedError } from '../core/errors.ts';
import type { JobId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { isOver, SILENCE_MS } from '../core/run-state.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { DrivingHeld, DrivingLease } from '../queue/rollout-broker.ts';
import type { RolloutStatus } from '../rollout/status.ts';
import type { FollowUpdate } from './follow-run.ts';
import { reapLocks } from './reap-locks.ts';
import { limitedRolesOf, roleLimits } from './role-limits.ts';
import { historyReader, type HistoryReader } from './rollout-history.ts';
import { rolloutStatus, withHeld, type RolledRun } from './rollout-status.ts';
import type { Witness } from './witness.ts';

export type DriveOptions = {
  readonly fleet: FleetConfig;
  readonly witness: Witness;
  readonly clock: Clock;
  /** `user@machine`, for whoever wants to drive meanwhile. */
  readonly by: string;
  /** Tells this driver from any other. */
  readonly owner: string;
};

/** Whoever has the wheel: gives hosts their orders when their turn comes. Disposing lets go of it; the run stands then. */
export type RolloutDriver = AsyncDisposable & {
  /**
   * Does what is due by what is known of the run now.
   * @throws RejectedError ROLLOUT_DRIVEN once another has taken over.
   */
  readonly step: (snapshot: RunSnapshot) => Promise<RolloutStatus>;
};

/** An update of a run, after what was due in its roll-out was done. */
export type DrivenUpdate = FollowUpdate & { readonly rollout: RolloutStatus | null };

/** Drives a roll-out along with what is seen of it; without a driver the run is only seen. */
export async function* drivenBy(
  driver: RolloutDriver | null,
  updates: AsyncIterable<FollowUpdate>,
): AsyncGenerator<DrivenUpdate, void, void> {
  for await (const update of updates) {
    const rollout = driver === null ? null : await driver.step(update.snapshot);
    yield rollout === null
      ? { ...update, rollout }
      : { ...update, rollout, snapshot: withHeld(update.snapshot, rollout) };
  }
}

/** Takes the wheel of a roll-out, unless somebody has it who is there. It needs no key: the orders are signed. */
export async function takeWheel(
  broker: ControllerBroker,
  run: RolledRun,
  options: DriveOptions,
): Promise<RolloutDriver | DrivingHeld> {
  const lease = await broker.rollouts.takeDriving(run.id, options);
  if (!('token' in lease)) return lease;
  const wheel: Wheel = {
    broker,
    run,
    options,
    lease,
    history: await historyReader(broker, run, options),
    freed: new Set(),
    keptAt: options.clock.now(),
    reapedAt: -Infinity,
    hasRequeued: false,
  };
  return {
    step: (snapshot) => step(wheel, snapshot),
    // Where that fails, the lease lapses by itself.
    [Symbol.asyncDispose]: () => broker.rollouts.dropDriving(run.id, lease.token).catch(() => undefined),
  };
}

type Wheel = {
  readonly broker: ControllerBroker;
  readonly run: RolledRun;
  readonly options: DriveOptions;
  readonly lease: DrivingLease;
  readonly history: HistoryReader;
  /** Hosts whose locks were given back. */
  readonly freed: Set<HostName>;
  keptAt: number;
  reapedAt: number;
  hasRequeued: boolean;
};

const KEEP_EVERY_MS = 3000;
const REAP_EVERY_MS = 5000;
/** A settled batch and the release of the next; the rest can wait for the next look. */
const MOST_ROUNDS = 3;

async function step(wheel: Wheel, snapshot: RunSnapshot): Promise<RolloutStatus> {
  await keep(wheel);
  for (let round = 1; ; round += 1) {
    const status = await look(wheel, snapshot);
    if (round === 1) await tidy(wheel, snapshot, status);
    const { decision } = status;
    if (decision.kind === 'settle') {
      if (!(await wheel.broker.rollouts.writeEntry(wheel.run.id, wheel.lease.token, SETTLED))) throw lost(wheel.run);
    } else if (decision.kind === 'release') {
      const given = await give(wheel, decision.hosts);
      if (given.length === 0) return { ...status, decision: { kind: 'wait', for: 'locks', until: null } };
    } else {
      return status;
    }
    if (round === MOST_ROUNDS) return await look(wheel, snapshot);
  }
}

const SETTLED = JSON.stringify({ kind: 'settled' });

async function keep(wheel: Wheel): Promise<void> {
  const now = wheel.options.clock.now();
  if (now - wheel.keptAt < KEEP_EVERY_MS) return;
  if (!(await wheel.broker.rollouts.keepDriving(wheel.run.id, wheel.lease.token))) throw lost(wheel.run);
  wheel.keptAt = now;
}

async function look({ run, history }: Wheel, snapshot: RunSnapshot): Promise<RolloutStatus> {
  return rolloutStatus(run, snapshot, await history.read());
}

/**
 * Gives back the locks of hosts whose turn is over, and queues again, once, what a driver that died may have written
 * down and not queued: an order that was queued is not queued twice.
 */
async function tidy(wheel: Wheel, { state, now }: RunSnapshot, { view }: RolloutStatus): Promise<void> {
  const { broker, run, freed } = wheel;
  const jobs = [...state.jobs.values()];
  const over = jobs.flatMap((job) => (job.to.kind === 'host' && isOver(job, run, now) ? [job.to.host] : []));
  const toFree = over.filter((host) => !freed.has(host));
  await broker.rollouts.freeLocks(toFree.map((host) => ({ host, run: run.id })));
  for (const host of toFree) freed.add(host);
  if (wheel.hasRequeued) return;
  wheel.hasRequeued = true;
  const silent = jobs.filter(({ to, firstWordAt }) => {
    return to.kind === 'host' && firstWordAt === null && view.turns.get(to.host)?.status !== 'held';
  });
  await queue(
    wheel,
    silent.map(({ id }) => id),
  );
}

async function queue({ broker, run }: Wheel, jobs: readonly JobId[]): Promise<void> {
  if (jobs.length > 0) await broker.release(await broker.rollouts.keptOrders(run.id, jobs));
}

/** Gives hosts their orders, as far as their roles have room; returns those that got theirs. */
async function give(wheel: Wheel, wanted: readonly HostName[]): Promise<readonly HostName[]> {
  const { broker, run, options, lease } = wheel;
  const { fleet, clock, witness } = options;
  const answer = await broker.rollouts.grantTurns({
    run: run.id,
    token: lease.token,
    hosts: wanted.map((host) => ({ host, roles: limitedRolesOf(fleet, host) })),
    limits: roleLimits(fleet),
    until: run.expiresAt + run.deadlineMs + SILENCE_MS,
  });
  if (answer.kind === 'lost') throw lost(run);
  const given = answer.kind === 'granted' ? answer.hosts : [];
  const ids = run.jobs.flatMap(({ id, to }) => (to.kind === 'host' && given.includes(to.host) ? [id] : []));
  await queue(wheel, ids);
  const now = clock.now();
  if (given.length < wanted.length && now - wheel.reapedAt >= REAP_EVERY_MS) {
    wheel.reapedAt = now;
    await reapLocks(broker, witness, now);
  }
  return given;
}

function lost(run: Run): RejectedError {
  return new RejectedError('ROLLOUT_DRIVEN', `another celeroot has taken over the roll-out of run ${run.id}`, {
    hint: `follow it there, or with  celeroot runs show ${run.id} --follow`,
  });
}
