import { formatDuration } from '../core/duration.ts';
import { slotsBetween } from '../schedule/slots.ts';
import type { Span } from '../schedule/spans.ts';
import { writeWall } from '../schedule/wall-clock.ts';
import { wallAt } from '../schedule/zone.ts';
import type { ResolvedSchedule } from './resolve-schedule.ts';
import { type ScheduleFinding, someHosts } from './schedule-finding.ts';
import type { ScheduledTurns } from './scheduled-turns.ts';

const MOST_SLOTS = 1000;

type Turning = { readonly resolved: ResolvedSchedule; readonly turns: ScheduledTurns };

type AtWork = Turning & {
  readonly hosts: ReadonlySet<string>;
  readonly spans: readonly Span[];
};

/** Schedules that may be at work on one host at one time, also with a slot of their own before. */
export function overlapFindings(schedules: readonly Turning[], within: Span): readonly ScheduleFinding[] {
  const busy = schedules
    .filter(({ resolved }) => resolved.changesHost)
    .map((each) => ({ ...each, hosts: new Set(each.resolved.hosts), spans: spansAtWork(each, within) }));
  return busy.flatMap((one, index) => [
    ...withItself(one),
    ...busy.slice(index + 1).flatMap((other) => betweenTwo(one, other)),
  ]);
}

function spansAtWork(turning: Turning, { start, end }: Span): readonly Span[] {
  const { schedule } = turning.resolved;
  const longestMs = (takesTurns(turning) ? schedule.startWithinMs : schedule.splayMs) + turning.turns.turnMs;
  return slotsBetween(schedule.timing, start, end)
    .take(MOST_SLOTS)
    .map((slot) => ({ start: slot, end: slot + longestMs }))
    .toArray();
}

/** Whether hosts wait for others; then the last of them may begin as long as orders hold. */
function takesTurns({ resolved: { schedule }, turns }: Turning): boolean {
  return schedule.rollout !== null || turns.lastMs > 0;
}

function withItself(atWork: AtWork): readonly ScheduleFinding[] {
  const { spans } = atWork;
  const { schedule } = atWork.resolved;
  const late = spans.findIndex(({ start }, index) => start < (spans[index - 1]?.end ?? -Infinity));
  const [before, after] = [spans[late - 1], spans[late]];
  if (before === undefined || after === undefined) return [];
  const outcome = { skip: 'is left out', queue: 'waits', allow: 'begins all the same' }[schedule.overlap];
  const text =
    `slots are ${formatDuration(after.start - before.start)} apart, and a run may take ` +
    `${formatDuration(before.end - before.start)} (${takesTurns(atWork) ? 'start_within' : 'splay'} and deadline): a slot meanwhile ${outcome}`;
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
