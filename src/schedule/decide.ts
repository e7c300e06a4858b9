import { formatDuration } from '../core/duration.ts';
import { type AllowedStart, firstAllowed, type HeldCalendar } from './allowed-start.ts';

/** What a schedule does besides knowing its times. */
export type SlotRules = {
  /** A host that could not begin so long after the slot does not begin. */
  readonly startWithinMs: number;
  /** What becomes of a slot that is noticed late. */
  readonly misfire: 'skip' | 'run_once';
  /** What becomes of a slot while the run of an earlier one goes on. */
  readonly overlap: 'skip' | 'queue' | 'allow';
};

export type SlotHost = {
  readonly name: string;
  /** How long after a slot it begins: `splayOf`. */
  readonly delayMs: number;
  readonly calendars: readonly HeldCalendar[];
};

/** A slot that is due, and what has to be known to decide on it. */
export type DueSlot = {
  readonly slot: number;
  readonly now: number;
  /** When a scheduler first looked at the slot. */
  readonly noticedAt: number;
  readonly rules: SlotRules;
  readonly hosts: readonly SlotHost[];
  /** Null when the schedule is not paused; `until` null when it is for as long as nobody resumes it. */
  readonly pause: { readonly until: number | null } | null;
  /** Whether a later slot of the schedule is due as well. */
  readonly isSuperseded: boolean;
  /** The run of an earlier slot that goes on. */
  readonly running: string | null;
};

/** Why a slot, or a host in it, is left out. */
export type Reason = {
  readonly code: 'PAUSED' | 'LATE' | 'SUPERSEDED' | 'OVERLAP' | 'CALENDAR' | 'NO_HOST';
  readonly text: string;
};

export type HostStart = { readonly host: string; readonly at: number; readonly putOffBy: string | null };
export type LeftOut = { readonly host: string; readonly reason: Reason };

export type Decision =
  | { readonly kind: 'fire'; readonly starts: readonly HostStart[]; readonly leftOut: readonly LeftOut[] }
  /** Ask again when the run that goes on has ended, or at `until`, when it is too late. */
  | { readonly kind: 'wait'; readonly until: number; readonly reason: Reason }
  | { readonly kind: 'miss'; readonly reason: Reason; readonly leftOut: readonly LeftOut[] };

/** A slot noticed within this counts as noticed in time: the time a scheduler may take to be started anew. */
export const IN_TIME_MS = 5 * 60_000;

/** What is to be done with a slot that is due. The same question has the same answer whoever asks. */
export function decide(due: DueSlot): Decision {
  const reason = whyMissed(due);
  if (reason !== null) return { kind: 'miss', reason, leftOut: [] };
  if (due.running !== null && due.rules.overlap === 'queue') {
    return { kind: 'wait', until: lastStart(due), reason: overlapOf(due.running) };
  }
  return hostsOf(due);
}

function whyMissed(due: DueSlot): Reason | null {
  const { slot, now, noticedAt, rules, pause, isSuperseded, running } = due;
  if (pause !== null && (pause.until === null || slot < pause.until)) return PAUSED;
  if (isSuperseded) return { code: 'SUPERSEDED', text: 'a later slot is due as well' };
  const lateBy = noticedAt - slot;
  if (lateBy > IN_TIME_MS && rules.misfire === 'skip') return lateReason(`noticed ${formatDuration(lateBy)} late`);
  if (now >= lastStart(due)) return lateReason(`not begun within ${formatDuration(rules.startWithinMs)}`);
  return running !== null && rules.overlap === 'skip' ? overlapOf(running) : null;
}

function lateReason(text: string): Reason {
  return { code: 'LATE', text };
}

const PAUSED: Reason = { code: 'PAUSED', text: 'the schedule is paused' };

function overlapOf(run: string): Reason {
  return { code: 'OVERLAP', text: `run ${run} of an earlier slot goes on` };
}

function lastStart({ slot, rules }: Pick<DueSlot, 'slot' | 'rules'>): number {
  return slot + rules.startWithinMs;
}

function hostsOf(due: DueSlot): Decision {
  const { slot, now, hosts } = due;
  if (hosts.length === 0) {
    return { kind: 'miss', reason: { code: 'NO_HOST', text: 'no host matches' }, leftOut: [] };
  }
  const starts: HostStart[] = [];
  const leftOut: LeftOut[] = [];
  for (const { name: host, delayMs, calendars } of hosts) {
    const start = Math.max(now, slot + delayMs);
    const allowed = firstAllowed(calendars, { start, end: lastStart(due) });
    if (allowed.at === null) leftOut.push({ host, reason: keptBy(allowed) });
    else starts.push({ host, at: allowed.at, putOffBy: allowed.putOffBy });
  }
  const [first] = leftOut;
  if (starts.length === 0 && first !== undefined) return { kind: 'miss', reason: first.reason, leftOut };
  return { kind: 'fire', starts, leftOut };
}

function keptBy({ keptBy: calendar }: Extract<AllowedStart, { at: null }>): Reason {
  return { code: 'CALENDAR', text: `kept back by calendar ${calendar}` };
}
