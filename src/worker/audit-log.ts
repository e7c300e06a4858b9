import { join } from 'node:path';
import { digestOf } from '../audit/chain.ts';
import type { HostEvent } from '../audit/host-event.ts';
import type { ChainHead } from '../core/chain-head.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { RefusalCode } from '../core/report.ts';
import { VERSION } from '../core/version.ts';
import type { HostPolicy } from '../executor/host-policy.ts';
import { openChainFile, repairEvents, type ChainFile } from '../host/chain-file.ts';

/** The host's audit log: what this host accepted, refused, began and ended, each line bound to the one before. */
export type AuditLog = AsyncDisposable & {
  readonly path: string;
  readonly head: () => ChainHead;
  /** Resolves when the entry would be there after a power cut. @throws what the system says when it cannot be written. */
  readonly enter: (event: HostEvent) => Promise<void>;
  /**
   * The same for what has to go on all the same: how a job ended must be told although the disk is full. What is lost
   * is counted, and said to be as soon as something can be written. Never rejects.
   */
  readonly note: (event: HostEvent) => Promise<void>;
  /** Anybody who can write to the broker can cause refusals, so most of a flood is only counted. Never rejects. */
  readonly noteRefusal: (refusal: { job: string; code: RefusalCode; envelope: string }) => Promise<void>;
};

export type AuditLogOptions = {
  readonly stateDir: string;
  readonly policy: HostPolicy;
  readonly clock: Clock;
  readonly log: (line: string) => void;
};

const HOUR_MS = 3_600_000;
/** Beyond what any fleet refuses when all is well. */
const MOST_REFUSALS_AN_HOUR = 200;

export async function openAuditLog({ stateDir, policy, clock, log }: AuditLogOptions): Promise<AuditLog> {
  const path = join(stateDir, 'audit.log');
  const { file, found } = await openChainFile<HostEvent>(path);
  const append = createAppender(file, clock, log);
  const refusals = createQuota(clock);
  const { fleet, host } = policy;
  if (found.isNew) await append.note({ kind: 'log-begun', fleet, host });
  for (const event of repairEvents(found)) await append.note(event);
  await append.note({ kind: 'worker-started', version: VERSION });
  return {
    path,
    head: file.head,
    ...append,
    noteRefusal: async ({ job, code, envelope }) => {
      const unwritten = refusals.take();
      if (unwritten === null) return;
      const order = digestOf(envelope);
      await append.note({ kind: 'refused', job: job.slice(0, 128), code, order, unwritten });
    },
    [Symbol.asyncDispose]: async () => {
      await append.note({ kind: 'worker-stopped' });
      await file[Symbol.asyncDispose]();
    },
  };
}

function createAppender(
  file: ChainFile<HostEvent>,
  clock: Clock,
  log: (line: string) => void,
): Pick<AuditLog, 'enter' | 'note'> {
  let lost = 0;
  let why = '';
  const enter = async (event: HostEvent): Promise<void> => {
    const at = clock.now();
    if (lost === 0) {
      await file.append({ at, event });
      return;
    }
    const missed = lost;
    // Both go to the disk in one piece, or neither.
    const told = file.append({ at, event: { kind: 'entries-lost', count: missed, why } });
    await Promise.all([told, file.append({ at, event })]);
    lost -= missed;
  };
  const note = async (event: HostEvent): Promise<void> => {
    try {
      await enter(event);
    } catch (error) {
      lost += 1;
      why = messageOf(error).slice(0, 500);
      log(`cannot write the audit log: ${why}`);
    }
  };
  return { enter, note };
}

/** Counts by the hour. `take` says how many were let go by before, or null when this one is to be let go by too. */
function createQuota(clock: Clock): { readonly take: () => number | null } {
  let since = -Infinity;
  let taken = 0;
  let passed = 0;
  return {
    take: () => {
      const now = clock.now();
      if (now - since >= HOUR_MS || now < since) [since, taken] = [now, 0];
      if (taken >= MOST_REFUSALS_AN_HOUR) {
        passed += 1;
        return null;
      }
      const before = passed;
      [taken, passed] = [taken + 1, 0];
      return before;
    },
  };
}
