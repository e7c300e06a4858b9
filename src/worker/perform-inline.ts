import { CommandError } from '../core/errors.ts';
import { failedOutcome } from '../core/failed-outcome.ts';
import type { JobId } from '../core/ids.ts';
import type { Outcome } from '../core/outcome.ts';
import type { AdmittedOrder } from '../executor/admit-order.ts';
import { inlinePerformer, type HostKeys } from '../executor/inline-performer.ts';
import { performWork } from '../executor/perform-work.ts';
import { orAbort } from './or-abort.ts';
import { readAuditLog } from './read-audit.ts';
import type { WorkerContext } from './worker-context.ts';

/**
 * Carries out, in this process, an order whose task does not change the host. What goes wrong is an outcome.
 * @throws the reason of `leaving` when the worker stops before that.
 */
export async function performInline(admitted: AdmittedOrder, worker: WorkerContext): Promise<Outcome> {
  const { order, task, args, context } = admitted;
  const deadline = AbortSignal.timeout(order.deadlineMs);
  const signal = worker.leaving;
  const stop = AbortSignal.any([signal, deadline]);
  const perform = inlinePerformer({
    sink: worker.reportsOf(order.id),
    signal: stop,
    readAudit: async (from, maxBytes) => await readAuditLog(worker, from, maxBytes),
    ...(order.dryRun ? {} : { keys: keysFor(order.id, worker, stop) }),
  });
  try {
    return await performWork(task.perform(args, context), perform);
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) return failedOutcome(error);
    return failedOutcome(new CommandError('JOB_STOPPED', `not done within ${order.deadlineMs / 1000} s`));
  }
}

/**
 * The key is replaced while nothing else is in hand: of no job then, what came before is signed with one key and what
 * comes after with another.
 */
function keysFor(
  job: JobId,
  { hostKey, audit, underWay, onHostChanged, log }: WorkerContext,
  stop: AbortSignal,
): HostKeys {
  return {
    offer: async () => await hostKey.offer(job),
    take: async (key) => {
      await orAbort(underWay.alone(job), stop);
      const taken = await hostKey.take(key, async (was) => await audit.enter({ kind: 'key-replaced', job, was, key }));
      log(taken ? `signs with ${key}` : `was told to sign with ${key}, which it has not offered`);
      // What it found out last is signed with the old one.
      if (taken) onHostChanged();
      return taken;
    },
  };
}

/**
 * The outcome of a task that changes the host when it is certain that there is nothing to do; null when there may be,
 * or when that cannot be told: the executor will meet the same trouble and say so.
 * @throws the signal's reason when it is aborted.
 */
export async function answerAtOnce(admitted: AdmittedOrder, signal: AbortSignal): Promise<Outcome | null> {
  const { task, args, context } = admitted;
  if (task.answerAtOnce === undefined) return null;
  const perform = inlinePerformer({ sink: async () => undefined, signal });
  try {
    return await performWork(task.answerAtOnce(args, context), perform);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
