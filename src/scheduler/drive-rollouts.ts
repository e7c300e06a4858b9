import { setTimeout as sleep } from 'node:timers/promises';
import { CelerootError, ConfigError, ConnectionError, messageOf } from '../core/errors.ts';
import type { RunId } from '../core/ids.ts';
import { readRuns } from '../fleet/believe-runs.ts';
import { isRolled, type RolledRun } from '../fleet/rolled-run.ts';
import { witnessOf } from '../fleet/witness.ts';
import { driveOne, type Driving } from './drive-one.ts';
import { scheduleOfRun } from './schedule-of-run.ts';
import type { Scheduler } from './scheduler-context.ts';

const LOOK_EVERY_MS = 1000;
/** How soon one is looked at again that waits for a person or for hosts that are away, or that went wrong. */
const REST_MS = 10_000;
/** How long one of an operator has to be without a driver: somebody may be about to drive it. */
const GRACE_MS = 10_000;

/** What is remembered of a roll-out that is not driven here. */
type Seen = { lookAt: number; undrivenSince: number | null };

type Watch = Driving & {
  readonly stop: AbortSignal;
  readonly seen: Map<RunId, Seen>;
  readonly driving: Map<RunId, Promise<void>>;
};

/**
 * Drives roll-outs that nobody drives, each beside the others: those of schedules at once, those of operators when their
 * driver has been gone for a while. Two schedulers may do so: one has the wheel, and the other takes over when it is gone.
 */
export async function driveRollouts(
  scheduler: () => Scheduler,
  { by, settings }: Driving,
  stop: AbortSignal,
): Promise<void> {
  const watch: Watch = { by: `scheduler ${by}`, settings, stop, seen: new Map(), driving: new Map() };
  while (!stop.aborted) {
    try {
      await look(scheduler, watch);
    } catch (error) {
      // The beat, which needs the same, tells of it.
      if (!(error instanceof ConnectionError || error instanceof ConfigError)) throw error;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
  await Promise.all(watch.driving.values());
}

async function look(scheduler: () => Scheduler, watch: Watch): Promise<void> {
  const { seen, driving } = watch;
  const { broker, clock } = scheduler();
  const ids = await broker.rollouts.announced();
  for (const id of seen.keys()) if (!ids.includes(id)) seen.delete(id);
  for (const id of ids) {
    const known = seen.get(id) ?? { lookAt: -Infinity, undrivenSince: null };
    seen.set(id, known);
    if (driving.has(id) || known.lookAt > clock.now()) continue;
    const run = await undriven(scheduler(), id, known);
    if (run !== null) driving.set(id, drive(scheduler, watch, run));
  }
}

/** The roll-out, if nobody drives it and it is time that somebody does. */
async function undriven({ broker, clock, plan }: Scheduler, id: RunId, known: Seen): Promise<RolledRun | null> {
  if ((await broker.rollouts.drivenBy(id)) !== null) {
    known.undrivenSince = null;
    return null;
  }
  const now = clock.now();
  known.undrivenSince ??= now;
  const isOfSchedule = scheduleOfRun(plan, id) !== null;
  if (!isOfSchedule && now - known.undrivenSince < GRACE_MS) return null;
  const [run] = (await readRuns(broker, await witnessOf(plan.fleet, now), [id])).runs;
  if (run !== undefined && isRolled(run)) return run;
  known.lookAt = now + REST_MS;
  return null;
}

async function drive(scheduler: () => Scheduler, watch: Watch, run: RolledRun): Promise<void> {
  const { by, settings, stop, seen, driving } = watch;
  const { log, clock } = scheduler();
  try {
    await driveOne(scheduler, { run, by, settings, stop });
  } catch (error) {
    if (!(error instanceof CelerootError)) throw error;
    log(`run ${run.id}: does not drive its roll-out now: ${messageOf(error)}`);
  } finally {
    driving.delete(run.id);
    seen.set(run.id, { lookAt: clock.now() + REST_MS, undrivenSince: null });
  }
}
