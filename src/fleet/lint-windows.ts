import { formatDuration } from '../core/duration.ts';
import { type HeldCalendar, holdCalendar } from '../schedule/allowed-start.ts';
import type { HostStart } from '../schedule/decide.ts';
import { spanAt, type Span } from '../schedule/spans.ts';
import { writeWall } from '../schedule/wall-clock.ts';
import { wallAt } from '../schedule/zone.ts';
import { forecast, type ForecastSlot } from './forecast.ts';
import type { FleetCalendars } from './read-calendars.ts';
import type { ResolvedSchedule } from './resolve-schedule.ts';
import { type ScheduleFinding, someHosts } from './schedule-finding.ts';
import type { ScheduledTurns } from './scheduled-turns.ts';

/** Enough to see a pattern; a schedule of every minute has half a million slots a year. */
const MOST_SLOTS = 400;

type Look = {
  readonly calendars: FleetCalendars;
  readonly within: Span;
  readonly turns: ScheduledTurns;
};

/** What calendars keep a schedule from, and windows that close while hosts may still be at work. */
export function windowFindings(resolved: ResolvedSchedule, look: Look): readonly ScheduleFinding[] {
  if (!resolved.changesHost || resolved.hosts.length === 0) return [];
  const slots = forecast({ schedules: [resolved], pauses: new Map(), within: look.within })
    .take(MOST_SLOTS)
    .toArray();
  if (slots.length === 0) return [];
  return [...unreached(resolved, slots), ...leftBehind(resolved, slots), ...closingWindows(resolved, slots, look)];
}

/** Hosts that begin at no slot at all. */
function unreached({ schedule, hosts }: ResolvedSchedule, slots: readonly ForecastSlot[]): readonly ScheduleFinding[] {
  const reached = new Set(
    slots.flatMap(({ decision }) => (decision.kind === 'fire' ? decision.starts : [])).map(({ host }) => host),
  );
  const never = hosts.filter((host) => !reached.has(host));
  if (never.length === 0) return [];
  const text = `calendars keep back every one of its next ${slots.length} slots on ${someHosts(never)}`;
  return [{ schedule: schedule.name, level: 'error', code: 'KEPT_BACK', text }];
}

/** Slots at which some hosts begin and others find the window closed: it is too short for their number. */
function leftBehind({ schedule }: ResolvedSchedule, slots: readonly ForecastSlot[]): readonly ScheduleFinding[] {
  const partial = slots.flatMap(({ slot, decision }) =>
    decision.kind === 'fire' && decision.leftOut.length > 0 ? [{ slot, leftOut: decision.leftOut }] : [],
  );
  const [first] = partial;
  const [example] = first?.leftOut ?? [];
  if (first === undefined || example === undefined) return [];
  const hosts = someHosts(first.leftOut.map(({ host }) => host));
  const text = `at ${partial.length} of ${slots.length} slots, first ${local(schedule, first.slot)}, hosts are left out: ${hosts} (${example.reason.text})`;
  return [{ schedule: schedule.name, level: 'warning', code: 'WINDOW_TOO_SHORT', text }];
}

/** A host that begins in a maintenance window and may be at work when it closes. */
function closingWindows(
  { schedule }: ResolvedSchedule,
  slots: readonly ForecastSlot[],
  { calendars, within, turns }: Look,
): readonly ScheduleFinding[] {
  const windows = [...calendars.values()]
    .filter(({ calendar }) => calendar.kind === 'maintenance')
    .map(({ calendar, isFor }) => ({
      isFor,
      held: holdCalendar(calendar, { ...within, end: within.end + schedule.startWithinMs }),
    }));
  for (const { decision } of slots) {
    for (const start of decision.kind === 'fire' ? decision.starts : []) {
      const own = windows.filter(
        ({ isFor, held }) => isFor(start.host) && !schedule.ignoredCalendars.includes(held.name),
      );
      const leftMs = timeLeft(
        own.map(({ held }) => held),
        start,
      );
      if (leftMs < turns.lastMs + turns.turnMs) return [closing(schedule, start, { leftMs, turns })];
    }
  }
  return [];
}

function timeLeft(windows: readonly HeldCalendar[], { at }: HostStart): number {
  if (windows.length === 0) return Infinity;
  return Math.max(...windows.map(({ spans }) => (spanAt(spans, at)?.end ?? at) - at));
}

function closing(
  schedule: ResolvedSchedule['schedule'],
  { host, at }: HostStart,
  { leftMs, turns }: { readonly leftMs: number; readonly turns: ScheduledTurns },
): ScheduleFinding {
  const needed = formatDuration(turns.lastMs + turns.turnMs);
  const each = turns.turnMs === schedule.deadlineMs ? 'deadline' : 'deadline of each step';
  const why =
    turns.lastMs === 0
      ? `it may be at work for ${needed} (${each})`
      : `all hosts in their turns may take ${needed} (${schedule.rollout === null ? each : `${each}, and soak`})`;
  const text = `${host} begins at ${local(schedule, at)} and its window closes in ${formatDuration(leftMs)}, but ${why}`;
  return { schedule: schedule.name, level: 'warning', code: 'WINDOW_TOO_SHORT', text };
}

function local({ zone }: ResolvedSchedule['schedule'], at: number): string {
  return `${writeWall(wallAt(zone, at))} ${zone.name}`;
}
