import type { CalendarConfig, FleetConfig } from '../config/fleet-config.ts';
import { ConfigError, messageOf } from '../core/errors.ts';
import { matchingHosts } from '../core/host-selector.ts';
import type { ScheduleName } from '../core/names.ts';
import { readFileText } from '../host/read-file-text.ts';
import type { Calendar, CalendarTimes } from '../schedule/calendar.ts';
import { readIcal } from '../schedule/ical.ts';

/** The calendars of a fleet, with what is in their files. */
export type FleetCalendars = ReadonlyMap<ScheduleName, FleetCalendar>;

export type FleetCalendar = { readonly calendar: Calendar; readonly isFor: (host: string) => boolean };

/** @throws ConfigError CALENDAR_UNUSABLE naming a file that cannot be read as iCalendar, and the line. */
export async function readCalendars(fleet: FleetConfig): Promise<FleetCalendars> {
  const read = await Promise.all(
    [...fleet.calendars.values()].map(async (config) => {
      const inFiles = await Promise.all(config.files.map((file) => readFile(config, file)));
      const { name, kind, zone } = config;
      const calendar = { name, kind, zone, times: [...config.times, ...inFiles.flat()] };
      return [name, { calendar, isFor: isFor(fleet, config) }] as const;
    }),
  );
  return new Map(read);
}

function isFor(fleet: FleetConfig, { roles, hosts }: CalendarConfig): (host: string) => boolean {
  if (roles.length + hosts.length === 0) return () => true;
  const meant = new Set<string>(matchingHosts(fleet, { roles, hosts, all: false, exclude: [] }));
  return (name) => meant.has(name);
}

async function readFile({ name }: CalendarConfig, file: string): Promise<readonly CalendarTimes[]> {
  const read = readIcal(await textOf(name, file));
  if ('events' in read) return read.events.map((event) => ({ kind: 'event', event }));
  throw unusable(name, `${file}:${read.line}: ${read.problem}`);
}

async function textOf(name: ScheduleName, file: string): Promise<string> {
  try {
    return await readFileText(file);
  } catch (cause) {
    throw unusable(name, `${file} cannot be read: ${messageOf(cause)}`, cause);
  }
}

function unusable(name: ScheduleName, what: string, cause?: unknown): ConfigError {
  return new ConfigError('CALENDAR_UNUSABLE', `calendar ${name}: ${what}`, {
    hint: `mend the file, or take it out of  calendars/${name}/files`,
    cause,
  });
}
