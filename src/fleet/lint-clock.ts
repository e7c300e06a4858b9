import { isEveryHour } from '../schedule/cron.ts';
import { missingTimes, type MissingTime } from '../schedule/missing-times.ts';
import type { Span } from '../schedule/spans.ts';
import { readTime, writeWall } from '../schedule/wall-clock.ts';
import { momentsAt, wallAt } from '../schedule/zone.ts';
import type { ResolvedSchedule } from './resolve-schedule.ts';
import type { ScheduleFinding } from './schedule-finding.ts';

/** Times of a schedule that the clock jumps over. */
export function clockFindings({ schedule }: ResolvedSchedule, within: Span): readonly ScheduleFinding[] {
  const { name, zone, timing, section } = schedule;
  const skips = section.missing_hour === 'skip';
  return missingIn(schedule, within).map(({ wall, at }) => ({
    schedule: name,
    level: 'warning',
    code: 'CLOCK_CHANGE',
    text:
      `${writeWall(wall)} does not exist in ${zone.name}; ` +
      (skips || (timing.kind === 'at' && timing.moments.length === 0)
        ? 'it is left out, as missing_hour says'
        : `it fires at ${writeWall(wallAt(zone, at)).slice(11)}, when the clock has jumped`),
  }));
}

/** A pattern that names every hour goes by the hours that pass, and misses none. */
function missingIn({ timing, zone, section }: ResolvedSchedule['schedule'], within: Span): readonly MissingTime[] {
  if (timing.kind === 'cron') return isEveryHour(timing.pattern) ? [] : missingTimes(timing, within);
  return (section.at ?? []).flatMap((text) => {
    const written = readTime(text);
    if (written === null || written.offsetMs !== null) return [];
    const exists = momentsAt(zone, written.wall, { missing: 'skip', repeated: 'both' }).length > 0;
    const [at] = momentsAt(zone, written.wall, { missing: 'after', repeated: 'first' });
    return exists || at === undefined || at < within.start ? [] : [{ wall: written.wall, at }];
  });
}
