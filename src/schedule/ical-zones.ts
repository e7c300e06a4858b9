import { type Component, lineOf } from './ical-components.ts';
import type { ContentLine } from './ical-lines.ts';
import { IcalProblem } from './ical-problem.ts';
import { readRuleLine, readTimeLine, wallsOf, type ZoneFinder } from './ical-times.ts';
import { readOffset } from './ical-values.ts';
import { occurrences } from './recurrence.ts';
import { WINDOWS_ZONES } from './windows-zones.ts';
import { openZone, type Zone, zoneOfChanges } from './zone.ts';

/**
 * What the TZIDs of a file mean: zones of the IANA database, which know all of their past; those that Windows names;
 * else what a VTIMEZONE of the file says (RFC 5545 section 3.6.5). The latter are read when they are needed.
 */
export function zonesOf(vtimezones: readonly Component[]): ZoneFinder {
  const own = new Map<string, Zone>();
  return (id) => {
    const known = openZone(WINDOWS_ZONES.get(id) ?? id.replace(/^\//, '')) ?? own.get(id);
    if (known !== undefined) return known;
    const component = vtimezones.find((each) => idOf(each) === id);
    if (component === undefined) return null;
    const zone = readZone(component, id);
    own.set(id, zone);
    return zone;
  };
}

/** As it stands in parameters, where commas are not escaped. */
function idOf(component: Component): string | undefined {
  return lineOf(component, 'TZID')?.value.replaceAll(/\\([,;\\])/g, '$1');
}

/** The changes of a clock are worked out up to here. */
const LAST_CHANGE = Date.UTC(2100, 0);

function readZone({ begin, parts }: Component, id: string): Zone {
  const changes = parts
    .filter(({ kind }) => kind === 'STANDARD' || kind === 'DAYLIGHT')
    .flatMap(readChanges)
    .toSorted((one, other) => one.at - other.at);
  const [first] = changes;
  if (first === undefined) throw new IcalProblem(`the VTIMEZONE ${id} says nothing of the clock`, begin.line);
  return zoneOfChanges(id, first.from, changes);
}

type Change = { readonly at: number; readonly from: number; readonly to: number };

/** The moments at which a clock that is `from` off UTC is set to be `to` off it. */
function readChanges(component: Component): readonly Change[] {
  const need = (name: string): ContentLine => {
    const line = lineOf(component, name);
    if (line === undefined) throw new IcalProblem(`a ${component.kind} has no ${name}`, component.begin.line);
    return line;
  };
  const [from, to] = [need('TZOFFSETFROM'), need('TZOFFSETTO')].map(readOffsetLine);
  if (from === undefined || to === undefined) return [];
  const zone = zoneOfChanges('before the change', from, []);
  const start = { stamp: readTimeLine(need('DTSTART'), () => null).stamp, zone };
  const rule = readRuleLine(lineOf(component, 'RRULE'), start);
  const walls = [
    ...(rule === null ? [start.stamp.wall] : occurrences(rule, start.stamp.wall, LAST_CHANGE)),
    ...component.lines.filter(({ name }) => name === 'RDATE').flatMap((line) => wallsOf(line, start, () => null)),
  ];
  return walls.map((wall) => ({ at: wall - from, from, to }));
}

function readOffsetLine({ name, value, line }: ContentLine): number {
  const offset = readOffset(value);
  if (offset === null) throw new IcalProblem(`${name}: ${value} is no distance from UTC`, line);
  return offset;
}
