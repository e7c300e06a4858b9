import { DAY_MS, type WallMs } from './wall-clock.ts';

/** A time in which the clocks of a zone keep one distance from UTC: from `start` until before `end`. */
export type Stretch = { readonly start: number; readonly end: number; readonly offset: number };

/** A time zone of the IANA database. */
export type Zone = { readonly name: string; readonly stretchAt: (at: number) => Stretch };

/** What a schedule does with a time that the clock jumps over, and with one that it shows twice. */
export type DstRule = {
  /** `after`: once, when the gap ends. */
  readonly missing: 'after' | 'skip';
  readonly repeated: 'first' | 'both';
};

/** Null when there is no such zone. */
export function openZone(name: string): Zone | null {
  const known = ZONES.get(name);
  if (known !== undefined) return known;
  if (!isZone(name)) return null;
  const zone = makeZone(name);
  ZONES.set(name, zone);
  return zone;
}

const ALWAYS = { start: -Infinity, end: Infinity };

export const UTC: Zone = { name: 'UTC', stretchAt: () => ({ ...ALWAYS, offset: 0 }) };

/** A zone by the changes of its clock in the order of time; before the first of them it is `before` off UTC. */
export function zoneOfChanges(
  name: string,
  before: number,
  changes: readonly { readonly at: number; readonly to: number }[],
): Zone {
  const stretches = [{ at: -Infinity, to: before }, ...changes].map(({ at: start, to: offset }, index) => ({
    start,
    end: changes[index]?.at ?? Infinity,
    offset,
  }));
  return {
    name,
    stretchAt: (at) => stretches.find(({ start, end }) => start <= at && at < end) ?? { ...ALWAYS, offset: before },
  };
}

/** What the clock on the wall shows at a moment. */
export function wallAt(zone: Zone, at: number): WallMs {
  return at + zone.stretchAt(at).offset;
}

/** The moments at which the clock shows this, as the rule has it: none, one, or two. */
export function momentsAt(zone: Zone, wall: WallMs, { missing, repeated }: DstRule): readonly number[] {
  const stretches = stretchesAround(zone, wall);
  const moments = stretches
    .filter(({ start, end, offset }) => wall - offset >= start && wall - offset < end)
    .map(({ offset }) => wall - offset);
  if (moments.length > 0) return repeated === 'first' ? moments.slice(0, 1) : moments;
  if (missing === 'skip') return [];
  // Before each change the clock shows less than this, and from it on more: the change jumps over it.
  return stretches
    .filter(({ start, offset }) => start + offset > wall)
    .map(({ start }) => start)
    .slice(0, 1);
}

/** Those in which the clock could show it; it is never more than a day off UTC. */
function stretchesAround(zone: Zone, wall: WallMs): readonly Stretch[] {
  const stretches = [zone.stretchAt(wall - DAY_MS)];
  for (;;) {
    const end = stretches.at(-1)?.end ?? Infinity;
    if (end > wall + DAY_MS) return stretches;
    stretches.push(zone.stretchAt(end));
  }
}

/** Finding a transition costs a microsecond and more, and a schedule asks for the same few again and again. */
const ZONES = new Map<string, Zone>([['UTC', UTC]]);

function isZone(name: string): boolean {
  // Temporal would also take a distance such as +01:00, or a whole date, for a zone.
  if (!/^[A-Za-z][\w+/-]*$/.test(name)) return false;
  try {
    zoned(0, name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function makeZone(name: string): Zone {
  const found: Stretch[] = [];
  let last: Stretch | undefined;
  return {
    name,
    stretchAt: (at) => {
      const holds = ({ start, end }: Stretch): boolean => start <= at && at < end;
      if (last !== undefined && holds(last)) return last;
      last = found.find(holds);
      if (last === undefined) found.push((last = findStretch(name, at)));
      return last;
    },
  };
}

function findStretch(name: string, at: number): Stretch {
  const time = zoned(at, name);
  return {
    // The transition before a moment is one before it, so the next millisecond also finds one at the moment itself.
    start: zoned(at + 1, name).getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity,
    end: time.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity,
    offset: Math.round(time.offsetNanoseconds / 1_000_000),
  };
}

function zoned(at: number, name: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(name);
}
