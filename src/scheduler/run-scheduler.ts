import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { countText } from '../core/count-text.ts';
import { ConfigError, ConnectionError } from '../core/errors.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { openControllerBroker } from '../queue/open.ts';
import { beat, decideDue } from './beat.ts';
import { driveRollouts } from './drive-rollouts.ts';
import { keepPlan } from './plan-keeper.ts';
import { reconcile } from './reconcile.ts';
import { newMemory, type Scheduler, type SchedulerOptions } from './scheduler-context.ts';

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
  const { broker: settings } = keeper.plan().fleet;
  await using broker = await openPatiently(settings, log, stop);
  if (broker === null) return;
  const memory = newMemory();
  let plan = keeper.plan();
  const scheduler = (): Scheduler => ({ ...options, memory, broker, plan });
  /**
   * What was due until now is decided by what the file said until now: a slot is not lost for a rule that was only
   * written otherwise, and one that both rules name is decided once.
   */
  const takePlan = async (): Promise<boolean> => {
    const read = keeper.plan();
    if (read === plan) return false;
    const from = options.clock.now();
    await decideDue(scheduler());
    plan = read;
    memory.newRulesFrom = from;
    return true;
  };
  log(`scheduler of fleet ${plan.fleet.fleet}: ${countText(plan.schedules.length, 'schedule')}`);
  const failed = new AbortController();
  const driving = driveRollouts(scheduler, { by: options.by, settings }, AbortSignal.any([stop, failed.signal]));
  try {
    await beatOn(options, { scheduler, refresh: keeper.refresh, takePlan, stop });
  } finally {
    failed.abort();
    await driving;
  }
  log('stopped');
}

type Beating = {
  readonly scheduler: () => Scheduler;
  /** Reads the file, where it was changed. */
  readonly refresh: () => Promise<boolean>;
  /** Goes on with what was read; returns whether that is something new. */
  readonly takePlan: () => Promise<boolean>;
  readonly stop: AbortSignal;
};

async function beatOn(
  { clock, log }: SchedulerOptions,
  { scheduler, refresh, takePlan, stop }: Beating,
): Promise<void> {
  let isReconciled = false;
  let trouble: string | null = null;
  while (!stop.aborted) {
    await refresh();
    let nextAt = clock.now() + RETRY_MS;
    try {
      if (await takePlan()) isReconciled = false;
      if (!isReconciled) await reconcile(scheduler());
      isReconciled = true;
      nextAt = await beat(scheduler());
      if (trouble !== null) log('it works again');
      trouble = null;
    } catch (error) {
      if (!(error instanceof ConnectionError || error instanceof ConfigError)) throw error;
      if (error.message !== trouble) log(`${error.message}; trying until it works`);
      trouble = error.message;
    }
    await untilDue({ nextAt, clock, stop, hasChanged: refresh });
  }
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
  settings: BrokerSettings,
  log: SchedulerOptions['log'],
  stop: AbortSignal,
): Promise<ControllerBroker | null> {
  for (let attempt = 0; !stop.aborted; attempt += 1) {
    try {
      return await openControllerBroker(settings, log);
    } catch (error) {
      if (!(error instanceof ConnectionError) || error.code !== 'BROKER_UNREACHABLE') throw error;
      if (attempt === 0) log(`${error.message}; waiting for it`);
      await sleep(RETRY_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
  return null;
}
