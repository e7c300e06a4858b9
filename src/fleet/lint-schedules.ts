import type { FleetConfig } from '../config/fleet-config.ts';
import { formatDuration } from '../core/duration.ts';
import { CelerootError } from '../core/errors.ts';
import { nextSlot } from '../schedule/slots.ts';
import { DAY_MS } from '../schedule/wall-clock.ts';
import { calendarFindings } from './lint-calendars.ts';
import { clockFindings } from './lint-clock.ts';
import type { ScheduleFinding } from './schedule-finding.ts';
import { overlapFindings } from './lint-overlaps.ts';
import { windowFindings } from './lint-windows.ts';
import { prepareScheduled } from './prepare-scheduled.ts';
import type { FleetCalendars } from './read-calendars.ts';
import { type ResolvedSchedule, resolveSchedule } from './resolve-schedule.ts';
import { type ScheduledTurns, scheduledTurns } from './scheduled-turns.ts';

/** What is wrong, or perhaps not meant, with the schedules of a fleet over a year from `now`. */
export function lintSchedules(fleet: FleetConfig, calendars: FleetCalendars, now: number): readonly ScheduleFinding[] {
  const schedules = [...fleet.schedules.values()].map((schedule) => ({
    resolved: resolveSchedule(fleet, schedule, calendars),
    turns: scheduledTurns(fleet, schedule),
  }));
  const within = { start: now, end: now + 366 * DAY_MS };
  return [
    ...schedules.flatMap(({ resolved, turns }) => [
      ...taskFindings(fleet, resolved),
      ...neverFindings(resolved, now),
      ...clockFindings(resolved, within),
      ...calendarFindings(resolved, calendars),
      ...labelFindings(fleet, resolved),
      ...turnFindings(resolved, turns),
      ...windowFindings(resolved, { calendars, within, turns }),
    ]),
    ...overlapFindings(schedules, within),
  ];
}

/** Whether the run of a schedule can be made at all, as the file is. */
export function taskFindings(
  fleet: FleetConfig,
  { schedule }: Pick<ResolvedSchedule, 'schedule'>,
): readonly ScheduleFinding[] {
  try {
    prepareScheduled(fleet, schedule);
    return [];
  } catch (error) {
    if (!(error instanceof CelerootError)) throw error;
    // Hosts join later; all else stays wrong until somebody mends it.
    const level = error.code === 'HOST_NOT_JOINED' ? 'warning' : 'error';
    return [{ schedule: schedule.name, level, code: 'CANNOT_RUN', text: error.message }];
  }
}

/** A label that batches go by and no host has: a slip of the pen puts all hosts into one group. */
function labelFindings(fleet: FleetConfig, { schedule, hosts }: ResolvedSchedule): readonly ScheduleFinding[] {
  const { rollout } = schedule;
  const by = (rollout === null ? null : fleet.rollouts.get(rollout)?.by) ?? null;
  if (by === null || hosts.length === 0) return [];
  if (hosts.some((host) => fleet.hosts.get(host)?.labels[by] !== undefined)) return [];
  const text = `none of its hosts has the label ${by}, which its roll-out ${rollout} goes by`;
  return [{ schedule: schedule.name, level: 'warning', code: 'UNKNOWN_LABEL', text }];
}

/** Hosts whose turn may come too late for their orders. */
function turnFindings({ schedule }: ResolvedSchedule, { lastMs }: ScheduledTurns): readonly ScheduleFinding[] {
  if (lastMs === 0 || lastMs < schedule.startWithinMs) return [];
  const those = schedule.rollout === null ? 'max_unavailable, and deadline' : 'deadline of each step, and soak,';
  const text =
    `its last hosts may begin ${formatDuration(lastMs)} after the slot (${those} of those before), ` +
    `and orders hold for ${formatDuration(schedule.startWithinMs)} (start_within)`;
  return [{ schedule: schedule.name, level: 'warning', code: 'WINDOW_TOO_SHORT', text }];
}

function neverFindings({ schedule }: ResolvedSchedule, now: number): readonly ScheduleFinding[] {
  if (nextSlot(schedule.timing, now) !== null) return [];
  const hasFired = schedule.timing.kind === 'at' && schedule.timing.moments.length > 0;
  return [
    hasFired
      ? { schedule: schedule.name, level: 'warning', code: 'PAST', text: 'all its times are past' }
      : { schedule: schedule.name, level: 'error', code: 'NEVER', text: 'it never fires: there is no such time' },
  ];
}
