import type { SchedulePause } from '../core/schedule-pause.ts';
import { type Decision, decide, type SlotHost } from '../schedule/decide.ts';
import { nextSlot } from '../schedule/slots.ts';
import type { Span } from '../schedule/spans.ts';
import type { ResolvedSchedule } from './resolve-schedule.ts';

/** A slot to come, and what will be done with it if nothing is late and nothing takes too long. */
export type ForecastSlot = {
  readonly resolved: ResolvedSchedule;
  readonly slot: number;
  readonly decision: Decision;
};

export type ForecastQuestion = {
  readonly schedules: readonly ResolvedSchedule[];
  readonly pauses: ReadonlyMap<string, SchedulePause>;
  /** Slots after its start up to its end. */
  readonly within: Span;
};

/** The slots of all schedules to come, in the order of time. */
export function* forecast({ schedules, pauses, within }: ForecastQuestion): Generator<ForecastSlot> {
  const queue = schedules.map((resolved) => ({
    resolved,
    slot: slotAfter(resolved, within.start),
    hosts: hostsOf(resolved, within),
  }));
  for (;;) {
    const first = queue.reduce<(typeof queue)[number] | null>(
      (earliest, each) => (earliest === null || each.slot < earliest.slot ? each : earliest),
      null,
    );
    if (first === null || first.slot > within.end) return;
    const { resolved, slot } = first;
    yield {
      resolved,
      slot,
      decision: foreseen(resolved, slot, { hosts: first.hosts(), pause: pauses.get(resolved.schedule.name) ?? null }),
    };
    first.slot = slotAfter(resolved, slot);
  }
}

/** Calendars are worked out once, and only for schedules that have a slot at all. */
function hostsOf(resolved: ResolvedSchedule, within: Span): () => readonly SlotHost[] {
  let hosts: readonly SlotHost[] | null = null;
  return () => (hosts ??= resolved.hostsIn(within));
}

type Around = { readonly hosts: readonly SlotHost[]; readonly pause: SchedulePause | null };

function foreseen({ rules }: ResolvedSchedule, slot: number, { hosts, pause }: Around): Decision {
  return decide({ slot, now: slot, noticedAt: slot, rules, hosts, pause, isSuperseded: false, running: null });
}

function slotAfter({ schedule }: ResolvedSchedule, from: number): number {
  return nextSlot(schedule.timing, from) ?? Infinity;
}
