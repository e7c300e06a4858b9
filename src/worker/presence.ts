import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { queueNameOf, type Destination } from '../core/run.ts';
import { VERSION } from '../core/version.ts';
import { orAbort } from './or-abort.ts';
import type { TrustKeeper } from './trust-keeper.ts';
import type { WorkerContext } from './worker-context.ts';

const REFRESH_MS = 30_000;
/** Two refreshes may be lost before the host is shown offline. */
const TTL_MS = 75_000;
/** Redis is asked for its time at every twentieth refresh, since each question of an idle fleet counts. */
const CLOCK_CHECK_EVERY = 20;
const WITHDRAW_MS = 2000;

/** Keeps this host shown as online until `signal` is aborted; what it says then is taken back. Never rejects. */
export async function keepPresence(
  queues: readonly Destination[],
  worker: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const { broker, clock, policy, trust, log } = worker;
  const startedAt = clock.now();
  const names = queues.map(queueNameOf).slice(0, 100);
  let clockOffsetMs = 0;
  try {
    for (let refresh = 0; ; refresh += 1) {
      if (refresh % CLOCK_CHECK_EVERY === 0) clockOffsetMs = await checkClock(worker, signal);
      const presence = {
        version: VERSION,
        startedAt,
        seenAt: clock.now(),
        clockOffsetMs,
        queues: names,
        trust: versionOf(trust),
      };
      await orAbort(broker.announce(policy.host, presence, TTL_MS), signal);
      // So a revoked key is good for half a minute at most on a host that is on.
      await orAbort(trust.refresh(broker), signal);
      if (versionOf(trust) !== presence.trust) continue;
      await sleep(REFRESH_MS, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) return log(`the host is shown offline: ${messageOf(error)}`);
    // With the broker away the presence expires by itself.
    await orAbort(broker.withdrawPresence(policy.host), AbortSignal.timeout(WITHDRAW_MS)).catch(() => undefined);
  }
}

function versionOf(trust: TrustKeeper): number {
  return trust.current()?.version ?? 0;
}

/** This host's clock minus Redis', milliseconds. Redis is not trusted, so it only warns. */
async function checkClock({ broker, clock, log }: WorkerContext, signal: AbortSignal): Promise<number> {
  const before = clock.now();
  const theirs = await orAbort(broker.serverTime(), signal);
  const offset = Math.round((before + clock.now()) / 2 - theirs);
  if (Math.abs(offset) > MAX_CLOCK_SKEW_MS) {
    const direction = offset > 0 ? 'ahead of' : 'behind';
    log(`this host’s clock is ${Math.round(Math.abs(offset) / 1000)} s ${direction} Redis’: orders may be refused`);
  }
  return offset;
}
