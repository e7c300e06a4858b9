import { setTimeout as sleep } from 'node:timers/promises';
import { orAbort } from './or-abort.ts';
import type { WorkerContext } from './worker-context.ts';

const EVERY_MS = 30_000;

/**
 * Looks for a newer trust file until `signal` is aborted, so that a revoked key is good for half a minute at most on a
 * host that is on. Nothing else is waited for, since what Redis does not take must not keep a revocation back. Never
 * rejects.
 */
export async function keepTrust(
  { trust, broker }: Pick<WorkerContext, 'trust' | 'broker'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    await orAbort(trust.refresh(broker), signal).catch(() => undefined);
  }
}
