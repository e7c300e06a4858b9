import { setTimeout as sleep } from 'node:timers/promises';
import { BugError, CommandError, messageOf } from '../core/errors.ts';
import { hostFactsSchema, type HostFacts } from '../core/presence.ts';
import { inlinePerformer } from '../executor/inline-performer.ts';
import { performWork } from '../executor/perform-work.ts';
import { findTask } from '../tasks/registry.ts';
import { orAbort } from './or-abort.ts';
import { collectGarbage } from './save-memory.ts';
import type { WorkerContext } from './worker-context.ts';

const EVERY_MS = 3_600_000;
/** After a change, so that a machine still at work for others, or about to get its next job, is not slowed down. */
const SETTLE_MS = 5000;

/** Finds out about the host and stores it: at the start, when asked after a change, and every hour. */
export type FactsGatherer = {
  /** Asks for new facts; several wishes while some are gathered are one. */
  readonly refresh: () => void;
  /** Gathers until the signal is aborted. Never rejects. */
  readonly run: (worker: WorkerContext, signal: AbortSignal) => Promise<void>;
};

export function createFactsGatherer(): FactsGatherer {
  let wish = Promise.withResolvers<void>();
  return {
    refresh: () => wish.resolve(),
    run: async (worker, signal) => {
      while (!signal.aborted) {
        wish = Promise.withResolvers<void>();
        // What is seen in the middle of a change is not worth telling; its end asks again.
        if (worker.turn.isFree()) await gather(worker, signal);
        await nextOccasion(wish.promise, signal);
      }
    },
  };
}

async function gather({ broker, clock, log, policy }: WorkerContext, signal: AbortSignal): Promise<void> {
  try {
    const facts = { ...(await lookAround(signal)), gatheredAt: clock.now() };
    await orAbort(broker.saveFacts(policy.host, facts), signal);
    collectGarbage();
  } catch (error) {
    if (!signal.aborted) log(`cannot find out about this host: ${messageOf(error)}`);
  }
}

const ownFactsSchema = hostFactsSchema.omit({ gatheredAt: true });

async function lookAround(signal: AbortSignal): Promise<Omit<HostFacts, 'gatheredAt'>> {
  const task = findTask('system.facts');
  if (task === null) throw new BugError('there is no task system.facts');
  const context = { job: 'facts', dryRun: false, exclude: [], expectedPlan: null };
  const perform = inlinePerformer({ sink: async () => undefined, signal });
  const { data, failure } = await performWork(task.perform({}, context), perform);
  if (failure !== null) throw new CommandError('COMMAND_FAILED', failure.message);
  return ownFactsSchema.parse(data);
}

async function nextOccasion(wish: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([wish, sleep(EVERY_MS, undefined, { signal: AbortSignal.any([signal, over.signal]) })]);
    await sleep(SETTLE_MS, undefined, { signal });
  } catch {
    // The worker stops.
  } finally {
    over.abort();
  }
}
