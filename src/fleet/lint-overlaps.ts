import { formatDuration } from '../core/duration.ts';
import { slotsBetween } from '../schedule/slots.ts';
import type { Span } from '../schedule/spans.ts';
import { writeWall } from '../schedule/wall-clock.ts';
import { wallAt } from '../schedule/zone.ts';
import type { ResolvedSchedule } from './resolve-schedule.ts';
import { type ScheduleFinding, someHosts } from './schedule-finding.ts';

const MOST_SLOTS = 1000;

type AtWork = {
  readonly resolved: ResolvedSchedule;
  readonly hosts: ReadonlySet<string>;
  readonly spans: readonly Span[];
};

/** Schedules that may be at work on one host at one time, also with a slot of their own before. */
export function overlapFindings(schedules: readonly ResolvedSchedule[], within: Span): readonly ScheduleFinding[] {
  const busy = schedules
    .filter(({ changesHost }) => changesHost)
    .map((resolved) => ({ resolved, hosts: new Set(resolved.hosts), spans: spansAtWork(resolved, within) }));
  return busy.flatMap((one, index) => [
    ...withItself(one),
    ...busy.slice(index + 1).flatMap((other) => betweenTwo(one, other)),
  ]);
}

function spansAtWork({ schedule }: ResolvedSchedule, { start, end }: Span): readonly Span[] {
  return slotsBetween(schedule.timing, start, end)
    .take(MOST_SLOTS)
    .map((slot) => ({ start: slot, end: slot + lastStartMs(schedule) + schedule.deadlineMs }))
    .toArray();
}

/** The last hosts of a roll-out may begin as long as its orders hold. */
function lastStartMs({ rollout, splayMs, startWithinMs }: ResolvedSchedule['schedule']): number {
  return rollout === null ? splayMs : startWithinMs;
}

function withItself({ resolved: { schedule }, spans }: AtWork): readonly ScheduleFinding[] {
  const late = spans.findIndex(({ start }, index) => start < (spans[index - 1]?.end ?? -Infinity));
  const [before, after] = [spans[late - 1], spans[late]];
  if (before === undefined || after === undefined) return [];
  const outcome = { skip: 'is left out', queue: 'waits', allow: 'begins all the same' }[schedule.overlap];
  const text =
    `slots are ${formatDuration(after.start - before.start)} apart, and a run may take ` +
    `${formatDuration(before.end - before.start)} (${schedule.rollout === null ? 'splay' : 'start_within'} and deadline): a slot meanwhile ${outcome}`;
  return [{ schedule: schedule.name, level: 'warning', code: 'OVERLAP', text }];
}

function betweenTwo(one: AtWork, other: AtWork): readonly ScheduleFinding[] {
  const shared = one.resolved.hosts.filter((host) => other.hosts.has(host));
  const at = shared.length === 0 ? null : firstMeeting(one.spans, other.spans);
  if (at === null) return [];
  const { name, zone } = one.resolved.schedule;
  const text =
    `it and ${other.resolved.schedule.name} may both be at work on ${someHosts(shared)}, ` +
    `first at ${writeWall(wallAt(zone, at))} ${zone.name}; a host does one after the other`;
  return [{ schedule: name, level: 'warning', code: 'OVERLAP', text }];
}

/** Both lists are in order of their starts. */
function firstMeeting(one: readonly Span[], other: readonly Span[]): number | null {
  let [i, j] = [0, 0];
  for (;;) {
    const [a, b] = [one[i], other[j]];
    if (a === undefined || b === undefined) return null;
    if (a.start < b.end && b.start < a.end) return Math.max(a.start, b.start);
    if (a.end <= b.start) i += 1;
    else j += 1;
  }
}
