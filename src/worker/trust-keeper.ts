import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../audit/chain.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { HostPolicy } from '../executor/host-policy.ts';
import { readHostTrust, writeHostTrust } from '../executor/host-trust.ts';
import type { WorkerBroker } from '../queue/broker.ts';
import type { Trust } from '../trust/trust-file.ts';
import { verifyTrust } from '../trust/verify-trust.ts';
import type { AuditLog } from './audit-log.ts';
import type { WorkerLog } from './worker-context.ts';

/** What this host knows of whom to obey. */
export type TrustKeeper = {
  readonly current: () => Trust | null;
  /** Aborted when what is current now is replaced. */
  readonly replaced: () => AbortSignal;
  /** Looks for a newer trust file, a second after it last did, and resolves when it has looked. Never rejects. */
  readonly refresh: (broker: TrustSource) => Promise<void>;
};

export type TrustSource = Pick<WorkerBroker, 'newestTrust' | 'trustOf'>;

export type TrustKeeperOptions = {
  readonly stateDir: string;
  readonly policy: HostPolicy;
  readonly clock: Clock;
  readonly log: WorkerLog;
  readonly audit: Pick<AuditLog, 'note'>;
};

/** Whoever can write to Redis can make a worker look; more often than this it does not. */
const LEAST_MS = 1000;
/** Versions in between that may have replaced the roots; more were not made while a host was off. */
const MOST_STEPS = 100;

/** Takes up what the host accepted last. */
export async function openTrustKeeper(options: TrustKeeperOptions): Promise<TrustKeeper> {
  const { stateDir, policy, clock, log, audit } = options;
  let known = await readHostTrust(stateDir, policy);
  let replaced = new AbortController();
  let complaint = '';
  /** Null when the file is in force now, else why it is not. */
  const accept = async (envelope: string | null): Promise<string | null> => {
    if (envelope === null) return 'it is announced and not there';
    const { fleet, roots: pinned, leastTrust: least } = policy;
    const expected = { fleet, pinned, known, least, now: clock.now() };
    const verified = verifyTrust(envelope, expected);
    if (!verified.ok) return `${verified.code}: ${verified.message}`;
    await audit.note({ kind: 'trust-taken', version: verified.trust.version, trust: digestOf(envelope) });
    await writeHostTrust(stateDir, policy, envelope);
    known = verified.trust;
    replaced.abort();
    replaced = new AbortController();
    log(`trust file: version ${known.version} accepted`);
    return null;
  };
  const complain = (text: string): void => {
    if (text !== complaint) log(text);
    complaint = text;
  };
  const look = async (broker: TrustSource): Promise<void> => {
    const from = known?.version ?? 0;
    try {
      const newest = await broker.newestTrust();
      if (newest === null || newest <= from) return;
      const why = await catchUp({ broker, accept, from: Math.max(from, policy.leastTrust - 1), newest });
      if (why !== null) complain(`refused version ${newest} of the trust file: ${why}`);
    } catch (error) {
      complain(`cannot look for a newer trust file: ${messageOf(error)}`);
    }
  };
  return { current: () => known, replaced: () => replaced.signal, refresh: inTurn(look) };
}

type CatchUp = {
  readonly broker: TrustSource;
  readonly accept: (envelope: string | null) => Promise<string | null>;
  readonly from: number;
  readonly newest: number;
};

/** Takes the newest version; when that does not follow from what is known, because the roots were replaced, all before it. */
async function catchUp({ broker, accept, from, newest }: CatchUp): Promise<string | null> {
  const envelope = await broker.trustOf(newest);
  const why = await accept(envelope);
  if (why === null || envelope === null) return why;
  for (let version = from + 1; version < Math.min(newest, from + MOST_STEPS); version += 1) {
    const between = await broker.trustOf(version);
    if (between !== null) await accept(between);
  }
  return await accept(envelope);
}

/**
 * One look at a time, a second apart. Whoever asks joins a look that has not begun: one under way may have asked before
 * there was anything newer.
 */
function inTurn(look: TrustKeeper['refresh']): TrustKeeper['refresh'] {
  let lookedAt = -Infinity;
  let last = Promise.resolve();
  let next: Promise<void> | null = null;
  const lookInTurn = async (broker: TrustSource): Promise<void> => {
    await last;
    await sleep(Math.max(0, lookedAt + LEAST_MS - performance.now()));
    next = null;
    lookedAt = performance.now();
    last = look(broker);
    await last;
  };
  return async (broker) => await (next ??= lookInTurn(broker));
}
