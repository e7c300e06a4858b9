import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { queueNameOf, type Destination } from '../core/run.ts';
import { machineIdentity } from '../host/machine-identity.ts';
import { signStatement } from '../trust/host-statement.ts';
import type { OwnersWord } from '../core/owner-policy.ts';
import type { Presence } from '../core/presence.ts';
import { VERSION } from '../core/version.ts';
import { orAbort } from './or-abort.ts';
import type { TrustKeeper } from './trust-keeper.ts';
import type { WorkerContext } from './worker-context.ts';

const REFRESH_MS = 30_000;
/** Redis is asked for its time at every twentieth refresh, since each question of an idle fleet counts. */
const CLOCK_CHECK_EVERY = 20;
const GOODBYE_MS = 2000;

/**
 * Keeps this host shown as online until `signal` is aborted; the last thing it says is that it leaves. It is said at once
 * when it is signed with another key, or tells of another trust file, than before. Never rejects.
 */
export async function keepPresence(
  queues: readonly Destination[],
  worker: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const { broker, clock, policy, trust, hostKey, log } = worker;
  const startedAt = clock.now();
  const names = queues.map(queueNameOf).slice(0, 100);
  const machine = await machineIdentity();
  let clockOffsetMs = 0;
  const announce = async (leaving: boolean, until: AbortSignal): Promise<void> => {
    const said = {
      version: VERSION,
      startedAt,
      seenAt: clock.now(),
      clockOffsetMs,
      queues: names,
      trust: versionOf(trust),
      machine,
      policy: policyOf(await worker.ownersWord()),
      leaving,
    };
    const { fleet, host } = policy;
    const signed = signStatement('presence', { fleet, host, said }, hostKey.current());
    await orAbort(broker.announce(host, signed), until);
  };
  for (let refresh = 0; !signal.aborted; refresh += 1) {
    const news = AbortSignal.any([hostKey.replaced(), trust.replaced(), signal]);
    try {
      if (refresh % CLOCK_CHECK_EVERY === 0) clockOffsetMs = await checkClock(worker, signal);
      await announce(false, signal);
    } catch (error) {
      if (!signal.aborted) log(`cannot say that this host is here: ${messageOf(error)}`);
    }
    await sleep(REFRESH_MS, undefined, { signal: news }).catch(() => undefined);
  }
  // With the broker away, what was said last is over soon.
  await announce(true, AbortSignal.timeout(GOODBYE_MS)).catch(() => undefined);
}

function policyOf(word: OwnersWord): Presence['policy'] {
  if (word.policy === null) return { problem: word.problem, twoSigners: [] };
  return word.given ? { problem: null, twoSigners: [...word.policy.two_signers] } : null;
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
