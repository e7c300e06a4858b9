import { setTimeout as sleep } from 'node:timers/promises';
import { runOf, type JobId } from '../core/ids.ts';
import { messageOf } from '../core/errors.ts';
import type { HostPolicy } from '../executor/host-policy.ts';
import { checkAuthority, type Request } from '../trust/authority.ts';
import { verifyCancel } from '../trust/verify-order.ts';
import { orAbort } from './or-abort.ts';
import type { WorkerContext } from './worker-context.ts';

const POLL_MS = 2000;

/** Looks for the signed mark that cancels a job's run, until disposed. */
export type CancelWatch = Disposable & {
  /** Aborted once the mark is found. */
  readonly found: AbortSignal;
  /** Who cancelled, for the report; null while nobody did. */
  readonly by: () => string | null;
  /** Resolves when the broker has been asked once, which takes as long as the broker is away. */
  readonly firstLook: Promise<void>;
};

/** A mark that is forged, or for another run, is logged once and does nothing. */
export function watchCancel(job: JobId, worker: WorkerContext): CancelWatch {
  const found = new AbortController();
  const over = new AbortController();
  const first = Promise.withResolvers<void>();
  const look = lookFor(job, worker);
  let by: string | null = null;
  const watch = async (): Promise<void> => {
    while (by === null) {
      by = await orAbort(look(), over.signal);
      first.resolve();
      if (by === null) await sleep(POLL_MS, undefined, { signal: over.signal });
    }
    found.abort();
  };
  // Ends in an error only when disposed.
  void watch().catch(() => first.resolve());
  return {
    found: found.signal,
    by: () => by,
    firstLook: first.promise,
    [Symbol.dispose]: () => over.abort(),
  };
}

/** Asks once who cancelled; says each thing that is wrong once. */
function lookFor(job: JobId, { broker, policy, trust, clock, log }: WorkerContext): () => Promise<string | null> {
  let complaint = '';
  const complain = (text: string): null => {
    if (text !== complaint) log(text);
    complaint = text;
    return null;
  };
  return async () => {
    try {
      const mark = await broker.cancelMark(runOf(job));
      if (mark === null) return null;
      const known = trust.current();
      if (known === null) return null;
      const verified = verifyCancel(mark, { fleet: policy.fleet, run: runOf(job), trust: known });
      const refused = verified.ok ? checkAuthority(known, requestOf(verified.key, policy, clock.now())) : verified;
      if (refused === null && verified.ok) return verified.cancel.by;
      return complain(`refused a cancel mark for ${job}: ${refused?.code}: ${refused?.message}`);
    } catch (error) {
      return complain(`cannot look for a cancel of ${job}: ${messageOf(error)}`);
    }
  };
}

/** A cancel needs no more than a key that is good on this host. */
function requestOf(key: string, { host, roles }: HostPolicy, now: number): Request {
  return {
    key,
    as: 'operator',
    task: null,
    host: { name: host, roles: roles.map((role) => role.name) },
    now,
    begunAt: null,
  };
}
