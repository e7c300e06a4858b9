import type { FleetConfig } from '../config/fleet-config.ts';
import { formatDuration } from '../core/duration.ts';
import { CelerootError } from '../core/errors.ts';
import { nextSlot } from '../schedule/slots.ts';
import { DAY_MS } from '../schedule/wall-clock.ts';
import { clockFindings } from './lint-clock.ts';
import type { ScheduleFinding } from './schedule-finding.ts';
import { overlapFindings } from './lint-overlaps.ts';
import { windowFindings } from './lint-windows.ts';
import { prepareScheduled } from './prepare-scheduled.ts';
import type { FleetCalendars } from './read-calendars.ts';
import { type ResolvedSchedule, resolveSchedule } from './resolve-schedule.ts';
import { scheduledBatches, lastBatchMs } from './scheduled-batches.ts';

/** What is wrong, or perhaps not meant, with the schedules of a fleet over a year from `now`. */
export function lintSchedules(fleet: FleetConfig, calendars: FleetCalendars, now: number): readonly ScheduleFinding[] {
  const resolved = [...fleet.schedules.values()].map((schedule) => resolveSchedule(fleet, schedule, calendars));
  const within = { start: now, end: now + 366 * DAY_MS };
  return [
    ...resolved.flatMap((each) => [
      ...taskFindings(fleet, each),
      ...neverFindings(each, now),
      ...clockFindings(each, within),
      ...batchFindings(fleet, each),
      ...windowFindings(each, {
        calendars,
        within,
        roundsMs: lastBatchMs(scheduledBatches(fleet, each.schedule), each.schedule),
      }),
    ]),
    ...overlapFindings(resolved, within),
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

/** A roll-out whose last batch may come too late for its orders. */
function batchFindings(fleet: FleetConfig, { schedule }: ResolvedSchedule): readonly ScheduleFinding[] {
  const rollout = scheduledBatches(fleet, schedule);
  const lastMs = lastBatchMs(rollout, schedule);
  if (rollout === null || lastMs < schedule.startWithinMs) return [];
  const text =
    `the last of its ${rollout.batches.length} batches may begin ${formatDuration(lastMs)} after the slot ` +
    `(deadline and soak of those before), and orders hold for ${formatDuration(schedule.startWithinMs)} (start_within)`;
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
