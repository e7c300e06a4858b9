import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, ConnectionError } from '../core/errors.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { openControllerBroker } from '../queue/open.ts';
import { beat, decideDue } from './beat.ts';
import { driveRollouts } from './drive-rollouts.ts';
import { keepPlan } from './plan-keeper.ts';
import { reconcile } from './reconcile.ts';
import { newMemory, type Plan, type Scheduler, type SchedulerOptions } from './scheduler-context.ts';

/** How soon a change of the file is seen. */
const WATCH_MS = 1000;
/** How long it waits after Redis was away. */
const RETRY_MS = 2000;

export type RunSchedulerOptions = SchedulerOptions & {
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `user@machine`, for whoever wants to drive a roll-out meanwhile. */
  readonly by: string;
};

/**
 * Turns schedules into runs until `stop` is aborted. Several may run at a time. While Redis is away it waits; a file that
 * is not good any more is as if it had not been changed.
 * @throws ConfigError when the file is not good to begin with; ConnectionError when Redis refuses us or is not fit.
 */
export async function runScheduler(options: RunSchedulerOptions, stop: AbortSignal): Promise<void> {
  const { file, env, log } = options;
  const keeper = await keepPlan({ file, env }, log);
  await using broker = await openPatiently(keeper.plan(), log, stop);
  if (broker === null) return;
  const memory = newMemory();
  let plan = keeper.plan();
  const now = (): Scheduler => ({ ...options, memory, broker, plan });
  log(`scheduler of fleet ${plan.fleet.fleet}: ${plan.schedules.length} schedules`);
  const driving = driveRollouts(now, options.by, stop);
  let isReconciled = false;
  let trouble: string | null = null;
  while (!stop.aborted) {
    await keeper.refresh();
    let nextAt = options.clock.now() + RETRY_MS;
    try {
      if (plan !== keeper.plan()) {
        // What was due until now is decided by what the file said until now: a slot is not lost for a rule that was
        // only written otherwise, and one that both rules name is decided once.
        const before = now();
        plan = keeper.plan();
        memory.newRulesFrom = options.clock.now();
        isReconciled = false;
        await decideDue(before);
      }
      if (!isReconciled) await reconcile(now());
      isReconciled = true;
      nextAt = await beat(now());
      if (trouble !== null) log('it works again');
      trouble = null;
    } catch (error) {
      if (!(error instanceof ConnectionError || error instanceof ConfigError)) throw error;
      if (error.message !== trouble) log(`${error.message}; trying until it works`);
      trouble = error.message;
    }
    await untilDue({ nextAt, clock: options.clock, stop, hasChanged: keeper.refresh });
  }
  await driving;
  log('stopped');
}

type Waiting = {
  readonly nextAt: number;
  readonly clock: SchedulerOptions['clock'];
  readonly stop: AbortSignal;
  readonly hasChanged: () => Promise<boolean>;
};

/** Sleeps in small pieces: the clock may be set, and the file changed, meanwhile. */
async function untilDue({ nextAt, clock, stop, hasChanged }: Waiting): Promise<void> {
  while (!stop.aborted) {
    const leftMs = nextAt - clock.now();
    if (leftMs <= 0) return;
    await sleep(Math.min(leftMs, WATCH_MS), undefined, { signal: stop }).catch(() => undefined);
    if (await hasChanged()) return;
  }
}

/** Null when told to stop before Redis was there. */
async function openPatiently(
  { fleet }: Plan,
  log: SchedulerOptions['log'],
  stop: AbortSignal,
): Promise<ControllerBroker | null> {
  for (let attempt = 0; !stop.aborted; attempt += 1) {
    try {
      return await openControllerBroker(fleet.broker, log);
    } catch (error) {
      if (!(error instanceof ConnectionError) || error.code !== 'BROKER_UNREACHABLE') throw error;
      if (attempt === 0) log(`${error.message}; waiting for it`);
      await sleep(RETRY_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
  return null;
}
