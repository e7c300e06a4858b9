import { setTimeout as sleep } from 'node:timers/promises';
import type * as z from 'zod';
import { BugError, CommandError, messageOf } from '../core/errors.ts';
import { hostFactsSchema, type HostFacts } from '../core/presence.ts';
import { inlinePerformer } from '../executor/inline-performer.ts';
import { performWork } from '../executor/perform-work.ts';
import { signStatement } from '../trust/host-statement.ts';
import { findTask } from '../tasks/registry.ts';
import { orAbort } from './or-abort.ts';
import { collectGarbage } from './save-memory.ts';
import type { WorkerContext } from './worker-context.ts';

const EVERY_MS = 3_600_000;
/** After a change, so that a machine still at work for others, or about to get its next job, is not slowed down. */
const SETTLE_MS = 5000;

/**
 * Finds out about the host and stores it: at the start, when asked after a change, and every hour. Until the answer to a
 * wish is there, what is stored is marked as outdated.
 */
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
      let known: HostFacts | null = null;
      while (!signal.aborted) {
        wish = Promise.withResolvers<void>();
        // What is seen in the middle of a change is not worth telling; its end asks again.
        if (worker.turn.isFree()) known = (await gather(worker, signal)) ?? known;
        if ((await nextOccasion(wish.promise, signal)) === 'hour') continue;
        if (known !== null) await store({ ...known, outdated: true }, worker, signal);
        await sleep(SETTLE_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

/** Null when it could not be found out. */
async function gather(worker: WorkerContext, signal: AbortSignal): Promise<HostFacts | null> {
  try {
    const facts = { ...(await lookAround(signal)), gatheredAt: worker.clock.now(), outdated: false };
    await store(facts, worker, signal);
    collectGarbage();
    return facts;
  } catch (error) {
    if (!signal.aborted) worker.log(`cannot find out about this host: ${messageOf(error)}`);
    return null;
  }
}

async function store(facts: HostFacts, worker: WorkerContext, signal: AbortSignal): Promise<void> {
  const { broker, log, hostKey } = worker;
  const { fleet, host } = worker.policy;
  try {
    const signed = signStatement('facts', { fleet, host, said: facts }, hostKey.current());
    await orAbort(broker.saveFacts(host, signed), signal);
  } catch (error) {
    if (!signal.aborted) log(`cannot tell about this host: ${messageOf(error)}`);
  }
}

const ownFactsSchema = hostFactsSchema.omit({ gatheredAt: true, outdated: true });

async function lookAround(signal: AbortSignal): Promise<z.output<typeof ownFactsSchema>> {
  const task = findTask('system.facts');
  if (task === null) throw new BugError('there is no task system.facts');
  const context = { job: 'facts', dryRun: false, exclude: [], deny: [], expectedPlan: null };
  const perform = inlinePerformer({ sink: async () => undefined, signal });
  const { data, failure } = await performWork(task.perform({}, context), perform);
  if (failure !== null) throw new CommandError('COMMAND_FAILED', failure.message);
  return ownFactsSchema.parse(data);
}

/** An hour is also over when the signal is aborted. */
async function nextOccasion(wish: Promise<void>, signal: AbortSignal): Promise<'wish' | 'hour'> {
  const over = new AbortController();
  const hour = sleep(EVERY_MS, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined);
  try {
    return await Promise.race([wish.then(() => 'wish' as const), hour.then(() => 'hour' as const)]);
  } finally {
    over.abort();
  }
}
