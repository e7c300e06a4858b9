import { resolve } from 'node:path';
import { parseDuration } from '../core/duration.ts';
import { BugError } from '../core/errors.ts';
import type { ScheduleName } from '../core/names.ts';
import type { CalendarTimes } from '../schedule/calendar.ts';
import { readCron } from '../schedule/cron.ts';
import { DAY_MS, readTime } from '../schedule/wall-clock.ts';
import { openZone } from '../schedule/zone.ts';
import type { ConfigPath } from './config-problem.ts';
import type { CalendarConfig } from './fleet-config.ts';
import { noSuchZone } from './no-such-zone.ts';
import type { CalendarSection } from './schedule-schema.ts';

/** Something wrong within a calendar. */
type Problem = { readonly path: ConfigPath; readonly message: string };

/** What the schema does not see. */
export function calendarProblems(section: CalendarSection): readonly Problem[] {
  const problems: Problem[] = [];
  if (openZone(section.timezone) === null) problems.push({ path: ['timezone'], message: noSuchZone(section.timezone) });
  if (section.times.length + section.files.length === 0) {
    problems.push({ path: [], message: 'expected times or files: as it is, it never holds' });
  }
  for (const [index, times] of section.times.entries()) {
    const read = readTimes(times);
    if ('message' in read) problems.push({ path: ['times', index, ...read.path], message: read.message });
  }
  return problems;
}

/** A calendar that was found good; `folder` is what its files are relative to. */
export function calendarOf(name: ScheduleName, section: CalendarSection, folder: string): CalendarConfig {
  const { kind, timezone, times, files, roles, hosts } = section;
  const zone = openZone(timezone);
  if (zone === null) throw new BugError(`calendar ${name} was checked, and has no time zone`);
  return Object.freeze({
    name,
    kind,
    zone,
    times: times.map((each) => {
      const read = readTimes(each);
      if ('message' in read) throw new BugError(`calendar ${name} was checked, and ${read.message}`);
      return read;
    }),
    files: files.map((file) => resolve(folder, file)),
    roles,
    hosts,
    section,
  });
}

function readTimes({ cron, for: length, from, until }: CalendarSection['times'][number]): CalendarTimes | Problem {
  const isPattern = cron !== undefined && length !== undefined && from === undefined && until === undefined;
  const isOnce = from !== undefined && until !== undefined && cron === undefined && length === undefined;
  if (!isPattern && !isOnce) return { path: [], message: 'expected either cron and for, or from and until' };
  return isPattern ? ofPattern(cron, length) : ofOnce(from ?? '', until ?? '');
}

function ofPattern(cron: string, length: string): CalendarTimes | Problem {
  const read = readCron(cron, '');
  if ('problem' in read) return { path: ['cron'], message: read.problem };
  if (/(^|[\s,])H/.test(cron)) return { path: ['cron'], message: 'H is not for calendars: say when' };
  return { kind: 'cron', pattern: read.pattern, lengthMs: parseDuration(length) ?? 0 };
}

function ofOnce(from: string, until: string): CalendarTimes | Problem {
  const [first, last] = [readTime(from), readTime(until)];
  if (first === null || first.offsetMs !== null) return { path: ['from'], message: `${A_TIME}, got ${from}` };
  if (last === null || last.offsetMs !== null) return { path: ['until'], message: `${A_TIME}, got ${until}` };
  const end = last.isDate ? last.wall + DAY_MS : last.wall;
  if (end <= first.wall) return { path: ['until'], message: `${until} is not after ${from}` };
  return { kind: 'once', from: first.wall, until: end };
}

const A_TIME = 'expected a day or time such as 2026-12-18 or 2026-12-18T18:00';
