import type { FleetConfig } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import { RejectedError } from '../core/errors.ts';
import { runOf, type JobId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import type { DrivingHeld, DrivingLease } from '../queue/rollout-broker.ts';
import type { RolloutStatus } from '../rollout/status.ts';
import type { Chain } from '../rollout/turns.ts';
import { chainReader, type ChainReader } from './chain-reader.ts';
import type { FollowUpdate } from './follow-run.ts';
import { reapLocks } from './reap-locks.ts';
import { limitedRolesOf, roleLimits } from './role-limits.ts';
import { hasTurnsAlone, overAt, rolledHosts, type RolledRun } from './rolled-run.ts';
import { historyReader, type HistoryReader } from './rollout-history.ts';
import { rolloutStatus, withTurns, type RolloutWatcher } from './rollout-status.ts';
import type { Witness } from './witness.ts';

export type DriveOptions = {
  readonly fleet: FleetConfig;
  readonly witness: Witness;
  readonly clock: Clock;
  /** `user@machine`, for whoever wants to drive meanwhile. */
  readonly by: string;
  /** Tells this driver from any other. */
  readonly owner: string;
  /** Whether a host may begin now, by calendars that hold for the run; without it any may at any time. */
  readonly mayBegin?: (host: HostName) => boolean;
};

/** Whoever has the wheel: gives hosts their orders when their turn comes. Disposing lets go of it. */
export type RolloutDriver = AsyncDisposable & RolloutWatcher;

/** An update of a run, after what was due in its roll-out was done. */
export type DrivenUpdate = FollowUpdate & { readonly rollout: RolloutStatus | null };

/** Drives, or watches, a roll-out along with what is seen of the run, which may be none. */
export async function* drivenBy(
  driver: RolloutWatcher | null,
  updates: AsyncIterable<FollowUpdate>,
): AsyncGenerator<DrivenUpdate, void, void> {
  for await (const update of updates) {
    const rollout = driver === null ? null : await driver.step(update.snapshot);
    yield rollout === null
      ? { ...update, rollout }
      : { ...update, rollout, snapshot: withTurns(update.snapshot, rollout) };
  }
}

/**
 * Takes the wheel of a roll-out, unless somebody has it who is there. It needs no key: the orders are signed.
 * @throws RejectedError RUN_FORGED when the record of a step is gone, or not signed by an operator.
 */
export async function takeWheel(
  broker: ControllerBroker,
  run: RolledRun,
  options: DriveOptions,
): Promise<RolloutDriver | DrivingHeld> {
  const lease = await broker.rollouts.takeDriving(run.id, options);
  if (!('token' in lease)) return lease;
  await using taken = new AsyncDisposableStack();
  // Where that fails, the lease lapses by itself.
  taken.defer(() => broker.rollouts.dropDriving(run.id, lease.token).catch(() => undefined));
  const wheel: Wheel = {
    broker,
    run,
    options,
    lease,
    history: await historyReader(broker, run, options),
    chain: await chainReader(broker, run, options.witness),
    heard: rolledHosts(run),
    queued: new Set(),
    dueSince: new Map(),
    freed: new Set(),
    keptAt: options.clock.now(),
    reapedAt: -Infinity,
  };
  const held = taken.move();
  return {
    step: (snapshot) => step(wheel, snapshot),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

type Wheel = {
  readonly broker: ControllerBroker;
  readonly run: RolledRun;
  readonly options: DriveOptions;
  readonly lease: DrivingLease;
  readonly history: HistoryReader;
  readonly chain: ChainReader;
  /** Hosts whose word on the steps is listened to: first all, then those whose turn it is. */
  heard: readonly HostName[];
  /** Jobs that this driver has queued. One before may have: an order that was queued is not queued twice. */
  readonly queued: Set<JobId>;
  /** When a job that is to wait for a while was first seen to be due. */
  readonly dueSince: Map<JobId, number>;
  /** Hosts whose locks were given back. */
  readonly freed: Set<HostName>;
  keptAt: number;
  reapedAt: number;
};

const KEEP_EVERY_MS = 3000;
const REAP_EVERY_MS = 5000;
/** What is settled, given and queued at one look; the rest can wait for the next. */
const MOST_ROUNDS = 4;

async function step(wheel: Wheel, snapshot: RunSnapshot): Promise<RolloutStatus> {
  await keep(wheel);
  const { run, broker, lease } = wheel;
  const chain = await wheel.chain.read(snapshot.state, wheel.heard);
  for (let round = 1; ; round += 1) {
    const history = await wheel.history.read();
    const status = rolloutStatus(run, { snapshot, chain, history });
    await tidy(wheel, chain, status);
    const { decision } = status;
    if (round === MOST_ROUNDS) return status;
    if (decision.kind === 'settle') {
      if (!(await broker.rollouts.writeEntry(run.id, lease.token, SETTLED))) throw lost(run);
    } else if (decision.kind === 'release') {
      const hosts = decision.hosts.filter((host) => wheel.options.mayBegin?.(host) !== false);
      if (hosts.length === 0) return { ...status, decision: { kind: 'wait', for: 'calendar', until: null } };
      const given = await give(wheel, hosts);
      if (given === 0) return { ...status, decision: { kind: 'wait', for: 'locks', until: null } };
    } else {
      return status;
    }
  }
}

const SETTLED = JSON.stringify({ kind: 'settled' });

async function keep(wheel: Wheel): Promise<void> {
  const now = wheel.options.clock.now();
  if (now - wheel.keptAt < KEEP_EVERY_MS) return;
  if (!(await wheel.broker.rollouts.keepDriving(wheel.run.id, wheel.lease.token))) throw lost(wheel.run);
  wheel.keptAt = now;
}

/** Gives back the locks of hosts whose turn is over, and the others the next job of theirs. */
async function tidy(wheel: Wheel, chain: Chain, { view }: RolloutStatus): Promise<void> {
  const { broker, run, freed } = wheel;
  const turns = [...view.turns];
  const atWork = turns.filter(([, { status }]) => status === 'under-way' || status === 'overdue');
  wheel.heard = atWork.map(([host]) => host);
  const isOver = new Set(['good', 'bad', 'missed']);
  const over = turns.filter(([host, { status, quiet }]) => isOver.has(status) && quiet && !freed.has(host));
  await broker.rollouts.freeLocks(over.map(([host]) => ({ host, run: run.id })));
  for (const [host] of over) freed.add(host);
  const due = atWork.flatMap(([, turn]) => turn.due ?? []).filter((job) => !wheel.queued.has(job));
  await queue(
    wheel,
    due.filter((job) => hasWaited(wheel, chain, job)),
  );
}

function hasWaited({ dueSince, options }: Wheel, chain: Chain, job: JobId): boolean {
  const now = options.clock.now();
  const since = dueSince.get(job) ?? now;
  dueSince.set(job, since);
  const waitMs = chain.find(({ state }) => state.run.id === runOf(job))?.step.waitMs ?? 0;
  return now >= since + waitMs;
}

async function queue({ broker, queued }: Wheel, jobs: readonly JobId[]): Promise<void> {
  for (const [run, group] of Map.groupBy(jobs, runOf)) {
    await broker.release(await broker.rollouts.keptOrders(run, group));
    for (const job of group) queued.add(job);
  }
}

/** Gives hosts their turn, as far as their roles have room and other runs let them; returns how many got it. */
async function give(wheel: Wheel, wanted: readonly HostName[]): Promise<number> {
  const { broker, run, options, lease } = wheel;
  const { fleet, clock, witness } = options;
  const answer = await broker.rollouts.grantTurns({
    run: run.id,
    token: lease.token,
    hosts: wanted.map((host) => ({ host, roles: limitedRolesOf(fleet, host) })),
    limits: roleLimits(fleet),
    alone: hasTurnsAlone(run),
    until: overAt(run),
  });
  if (answer.kind === 'lost') throw lost(run);
  const given = answer.kind === 'granted' ? answer.hosts.length : 0;
  const now = clock.now();
  if (given < wanted.length && now - wheel.reapedAt >= REAP_EVERY_MS) {
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
