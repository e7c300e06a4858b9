import { didYouMean } from '../core/close-matches.ts';
import { parseDuration } from '../core/duration.ts';
import { isGlob } from '../core/glob.ts';
import { isRecord } from './is-record.ts';
import { calendarProblems } from './read-calendar.ts';
import type { ConfigPath, Finding } from './config-problem.ts';
import { calendarSchema, type ScheduleSection, scheduleSchema } from './schedule-schema.ts';
import { noSuchZone } from './no-such-zone.ts';
import { openZone, UTC } from '../schedule/zone.ts';
import { readTiming } from '../schedule/read-timing.ts';

/** What is wrong with calendars and schedules that fit their schema: times, zones, and names that are not there. */
export function scheduleFindings(file: Readonly<Record<string, unknown>>): readonly Finding[] {
  const known = {
    roles: namesIn(file['roles']),
    hosts: namesIn(file['hosts']),
    calendars: namesIn(file['calendars']),
    rollouts: namesIn(file['rollouts']),
  };
  return [
    ...entriesIn(file['calendars']).flatMap(([name, entry]) => {
      const section = calendarSchema.safeParse(entry).data;
      if (section === undefined) return [];
      const path = ['calendars', name];
      return [
        ...calendarProblems(section).map((problem) => under(path, problem)),
        ...unknownNames(section.roles, { kind: 'role', known: known.roles, path: [...path, 'roles'] }),
        ...unknownHosts(section.hosts, known.hosts, [...path, 'hosts']),
      ];
    }),
    ...entriesIn(file['schedules']).flatMap(([name, entry]) => {
      const section = scheduleSchema.safeParse(entry).data;
      return section === undefined ? [] : oneSchedule(section, known, name);
    }),
  ];
}

type Known = Readonly<Record<'roles' | 'hosts' | 'calendars' | 'rollouts', readonly string[]>>;

function oneSchedule(section: ScheduleSection, known: Known, name: string): readonly Finding[] {
  const path = ['schedules', name];
  const target = [...path, 'target'];
  const { roles, hosts, all, exclude } = section.target;
  const excludedRoles = exclude.filter((word) => word.startsWith('@')).map((word) => word.slice(1));
  const excludedHosts = exclude.filter((word) => !word.startsWith('@'));
  return [
    ...timingFindings(section, name),
    ...(all || roles.length + hosts.length > 0 ? [] : [finding(target, 'expected roles, hosts or all: true')]),
    ...unknownNames(roles, { kind: 'role', known: known.roles, path: [...target, 'roles'] }),
    ...unknownHosts(hosts, known.hosts, [...target, 'hosts']),
    ...unknownNames(excludedRoles, { kind: 'role', known: known.roles, path: [...target, 'exclude'] }),
    ...unknownHosts(excludedHosts, known.hosts, [...target, 'exclude']),
    ...unknownNames(section.ignore_calendars, {
      kind: 'calendar',
      known: known.calendars,
      path: [...path, 'ignore_calendars'],
    }),
    ...rolloutFindings(section, known, path),
  ];
}

function rolloutFindings(section: ScheduleSection, known: Known, path: ConfigPath): readonly Finding[] {
  const { rollout, splay } = section;
  if (rollout === undefined) return [];
  return [
    ...unknownNames([rollout], { kind: 'roll-out', known: known.rollouts, path: [...path, 'rollout'] }),
    ...((parseDuration(splay) ?? 0) > 0
      ? [finding([...path, 'splay'], 'expected none: the batches of the roll-out say when hosts begin')]
      : []),
  ];
}

function timingFindings(section: ScheduleSection, name: string): readonly Finding[] {
  const path = ['schedules', name];
  const zone = openZone(section.timezone);
  const findings: Finding[] = zone === null ? [finding([...path, 'timezone'], noSuchZone(section.timezone))] : [];
  const read = readTiming(section, zone ?? UTC, name);
  if ('problem' in read) {
    findings.push(under(path, { path: read.key === null ? [] : [read.key], message: read.problem }));
  }
  if ((parseDuration(section.splay) ?? 0) >= (parseDuration(section.start_within) ?? 0)) {
    findings.push(finding([...path, 'splay'], `expected less than start_within, ${section.start_within}`));
  }
  return findings;
}

type Names = {
  readonly kind: 'role' | 'host' | 'calendar' | 'roll-out';
  readonly known: readonly string[];
  readonly path: ConfigPath;
};

function unknownNames(names: readonly string[], { kind, known, path }: Names): readonly Finding[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) =>
      finding(path, `there is no ${kind} ${name}; ${didYouMean(name, known, `see the ${kind}s of this file`)}`),
    );
}

function unknownHosts(words: readonly string[], known: readonly string[], path: ConfigPath): readonly Finding[] {
  return unknownNames(
    words.filter((word) => !isGlob(word)),
    { kind: 'host', known, path },
  );
}

function entriesIn(section: unknown): readonly [string, unknown][] {
  return isRecord(section) ? Object.entries(section) : [];
}

function namesIn(section: unknown): readonly string[] {
  return isRecord(section) ? Object.keys(section) : [];
}

function under(path: ConfigPath, problem: { readonly path: ConfigPath; readonly message: string }): Finding {
  return finding([...path, ...problem.path], problem.message);
}

function finding(path: ConfigPath, message: string): Finding {
  return { path, at: 'value', message };
}
