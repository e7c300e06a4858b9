import type { SignedByKey } from '../core/signed.ts';
import type { ResolvedSchedule } from '../fleet/resolve-schedule.ts';
import { slotsBetween } from '../schedule/slots.ts';
import { DAY_MS } from '../schedule/wall-clock.ts';
import { decideSlot, missSlots } from './decide-slot.ts';
import { ruleOf } from './schedule-rule.ts';
import type { Scheduler } from './scheduler-context.ts';

export type KnownOfSchedule = {
  /** Up to when its slots are decided, as Redis has it; null when nobody has seen the rule. */
  readonly stored: number | null;
  /** What stands as its pause, not believed yet; undefined for nothing. */
  readonly pause: SignedByKey | null | undefined;
};

/** After a long outage so many are written down one by one, and those before as one. */
const MOST_AT_ONCE = 100;

/** What was decided is forgotten after as long, and of what was missed before nobody asks. */
const LOOK_BACK_MS = 30 * DAY_MS;

/** Decides the slots of a schedule that are due; says whether one waits. */
export async function decideDueSlots(
  scheduler: Scheduler,
  resolved: ResolvedSchedule,
  { stored, pause }: KnownOfSchedule,
): Promise<boolean> {
  const { clock, broker, memory } = scheduler;
  const rule = ruleOf(resolved.schedule);
  const now = clock.now();
  const own = memory.decidedUntil.get(rule);
  // A time to come is not believed: the clock was set back, or somebody wrote it who wants that nothing fires.
  const known = [own, stored].filter((at) => at !== undefined && at !== null && at <= now).map(Number);
  const first = Math.min(now, memory.newRulesFrom ?? now);
  const since = Math.max(now - LOOK_BACK_MS, ...(known.length === 0 ? [first] : known));
  const advance = async (at: number): Promise<void> => {
    await broker.slots.setDecidedUntil(rule, at);
    memory.decidedUntil.set(rule, at);
  };
  // A rule that is new to everybody, or that Redis has forgotten.
  if (stored === null || stored > now) await advance(since);
  else memory.decidedUntil.set(rule, since);
  const due = [...slotsBetween(resolved.schedule.timing, since, now)];
  const each = due.slice(-MOST_AT_ONCE);
  const older = due.slice(0, due.length - each.length);
  const newestOfOlder = older.at(-1);
  if (newestOfOlder !== undefined) {
    await missSlots(scheduler, { schedule: resolved.schedule.name, slot: newestOfOlder }, older.length);
    await advance(newestOfOlder);
  }
  for (const [index, slot] of each.entries()) {
    const isSuperseded = index < each.length - 1;
    if ((await decideSlot(scheduler, resolved, { slot, pause, isSuperseded })) === 'waits') return true;
    await advance(slot);
  }
  return false;
}
