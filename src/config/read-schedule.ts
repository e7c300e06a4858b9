import { parseDuration } from '../core/duration.ts';
import { BugError } from '../core/errors.ts';
import type { ScheduleName } from '../core/names.ts';
import { readTiming } from '../schedule/read-timing.ts';
import { openZone } from '../schedule/zone.ts';
import type { Schedule } from './fleet-config.ts';
import type { ScheduleSection } from './schedule-schema.ts';

/** A schedule that was found good. */
export function scheduleOf(name: ScheduleName, section: ScheduleSection): Schedule {
  const zone = openZone(section.timezone);
  const read = zone === null ? null : readTiming(section, zone, name);
  if (zone === null || read === null || 'problem' in read)
    throw new BugError(`schedule ${name} was checked, and has no times`);
  return Object.freeze({
    name,
    description: section.description ?? null,
    task: section.task,
    args: section.args,
    target: section.target,
    timing: read.timing,
    zone,
    misfire: section.misfire ?? null,
    overlap: section.overlap,
    splayMs: parseDuration(section.splay) ?? 0,
    startWithinMs: parseDuration(section.start_within) ?? 0,
    deadlineMs: parseDuration(section.deadline) ?? 0,
    ignoredCalendars: section.ignore_calendars,
    rollout: section.rollout ?? null,
    section,
  });
}
