import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import { didYouMean } from '../core/close-matches.ts';
import { RejectedError } from '../core/errors.ts';
import { matchingHosts } from '../core/host-selector.ts';
import type { HostName } from '../core/names.ts';
import { holdCalendar } from '../schedule/allowed-start.ts';
import type { SlotHost, SlotRules } from '../schedule/decide.ts';
import type { Span } from '../schedule/spans.ts';
import { splayOf } from '../schedule/spread.ts';
import { findTask } from '../tasks/registry.ts';
import type { FleetCalendars } from './read-calendars.ts';

/** A schedule with the hosts it is for now. */
export type ResolvedSchedule = {
  readonly schedule: Schedule;
  readonly rules: SlotRules;
  readonly hosts: readonly HostName[];
  readonly changesHost: boolean;
  /** The hosts with their calendars, worked out for slots within a time. */
  readonly hostsIn: (within: Span) => readonly SlotHost[];
};

/** A task that this celeroot does not know is taken for one that changes hosts. */
export function resolveSchedule(fleet: FleetConfig, schedule: Schedule, calendars: FleetCalendars): ResolvedSchedule {
  const changesHost = findTask(schedule.task)?.changesHost ?? true;
  const hosts = matchingHosts(fleet, schedule.target);
  const misfire = schedule.misfire ?? (changesHost ? 'skip' : 'run_once');
  const { name, startWithinMs, splayMs, overlap } = schedule;
  const delays = hosts.map((host) => ({ name: host, delayMs: splayOf(name, host, splayMs) }));
  const held = changesHost ? [...calendars].filter(([each]) => !schedule.ignoredCalendars.includes(each)) : [];
  return {
    schedule,
    rules: { startWithinMs, overlap, misfire },
    hosts,
    changesHost,
    hostsIn: ({ start, end }) => {
      const within = { start, end: end + startWithinMs };
      const applying = held.map(([, { calendar, isFor }]) => ({ isFor, calendar: holdCalendar(calendar, within) }));
      return delays.map((host) => ({
        ...host,
        calendars: applying.filter(({ isFor }) => isFor(host.name)).map(({ calendar }) => calendar),
      }));
    },
  };
}

/** @throws RejectedError UNKNOWN_SCHEDULE with what may have been meant. */
export function requireSchedule(fleet: FleetConfig, name: string): Schedule {
  for (const schedule of fleet.schedules.values()) if (schedule.name === name) return schedule;
  throw new RejectedError('UNKNOWN_SCHEDULE', `there is no schedule ${name}`, {
    hint: didYouMean(name, fleet.schedules.keys(), 'see  celeroot schedules ls'),
  });
}
