import { countText } from '../core/count-text.ts';
import { writeWall } from '../schedule/wall-clock.ts';
import type { FleetCalendars } from './read-calendars.ts';
import type { ResolvedSchedule } from './resolve-schedule.ts';
import type { ScheduleFinding } from './schedule-finding.ts';

/** Events of its calendars that take no time: without an end they hold for nothing, which nobody writes a freeze for. */
export function calendarFindings(
  { schedule, hosts, changesHost }: ResolvedSchedule,
  calendars: FleetCalendars,
): readonly ScheduleFinding[] {
  const held = changesHost ? [...calendars.values()] : [];
  return held.flatMap(({ calendar, isFor }): ScheduleFinding[] => {
    if (schedule.ignoredCalendars.includes(calendar.name) || !hosts.some(isFor)) return [];
    const empty = calendar.times.flatMap((times) =>
      times.kind === 'event' && times.event.lengthMs === 0 ? [times.event] : [],
    );
    const [first] = empty;
    if (first === undefined) return [];
    const which = empty.length === 1 ? 'that' : 'the first';
    const text =
      `${countText(empty.length, 'event')} of calendar ${calendar.name}, ${which} of ${writeWall(first.start)}, ` +
      'without DTEND or DURATION, or with an end that is the beginning: such an event never holds';
    return [{ schedule: schedule.name, level: 'warning', code: 'EMPTY_EVENT', text }];
  });
}
