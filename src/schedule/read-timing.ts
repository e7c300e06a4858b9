import { parseDuration } from '../core/duration.ts';
import { isEveryHour, readCron } from './cron.ts';
import type { Timing } from './slots.ts';
import { MINUTE_MS, readTime } from './wall-clock.ts';
import { type DstRule, momentsAt, type Zone } from './zone.ts';

/** When a schedule fires, as written. */
export type WrittenTiming = {
  readonly cron?: string | undefined;
  readonly every?: string | undefined;
  readonly at?: readonly string[] | undefined;
  readonly anchor?: string | undefined;
  readonly missing_hour?: DstRule['missing'] | undefined;
  readonly repeated_hour?: DstRule['repeated'] | undefined;
};

/** What was read, or the key that is wrong and why; `key` null when it is about several. */
export type TimingReading =
  | { readonly timing: Timing }
  | { readonly key: keyof WrittenTiming | null; readonly problem: string };

/** `name` is the schedule's: it decides what `H` stands for. */
export function readTiming(written: WrittenTiming, zone: Zone, name: string): TimingReading {
  const given = WAYS.filter((key) => written[key] !== undefined);
  if (given.length !== 1) {
    const end = given.length === 0 ? 'none is given' : `got ${given.join(' and ')}`;
    return { key: null, problem: `expected exactly one of ${WAYS.join(', ')}; ${end}` };
  }
  const { cron, every, at, anchor } = written;
  if (anchor !== undefined && every === undefined) return { key: 'anchor', problem: 'stands only beside every' };
  if (cron !== undefined) return ofCron(cron, { written, zone, name });
  if (every !== undefined) return ofInterval(every, anchor, zone);
  return ofMoments(at ?? [], zone, dstRule(written, AS_A_CLOCK));
}

const WAYS = ['cron', 'every', 'at'] as const;

const AS_A_CLOCK: DstRule = { missing: 'after', repeated: 'first' };
/** A job of every hour that waited for the clock would miss an hour in autumn, and run twice in quick succession in spring. */
const AS_HOURS_PASS: DstRule = { missing: 'skip', repeated: 'both' };

function dstRule(written: WrittenTiming, standard: DstRule): DstRule {
  return {
    missing: written.missing_hour ?? standard.missing,
    repeated: written.repeated_hour ?? standard.repeated,
  };
}

type CronOf = { readonly written: WrittenTiming; readonly zone: Zone; readonly name: string };

function ofCron(text: string, { written, zone, name }: CronOf): TimingReading {
  const read = readCron(text, name);
  if ('problem' in read) return { key: 'cron', problem: read.problem };
  const dst = dstRule(written, isEveryHour(read.pattern) ? AS_HOURS_PASS : AS_A_CLOCK);
  return { timing: { kind: 'cron', pattern: read.pattern, zone, dst } };
}

const MOST_DAYS = 366;

function ofInterval(text: string, anchorText: string | undefined, zone: Zone): TimingReading {
  const everyMs = parseDuration(text);
  if (everyMs === null || everyMs < MINUTE_MS || everyMs > MOST_DAYS * 24 * 60 * MINUTE_MS) {
    return { key: 'every', problem: `expected a duration from 1m to ${MOST_DAYS}d, such as 6h` };
  }
  const anchor = anchorText === undefined ? 0 : readMoments(anchorText, zone, AS_A_CLOCK)?.[0];
  if (anchor === undefined) return { key: 'anchor', problem: A_TIME };
  return { timing: { kind: 'every', everyMs, anchor } };
}

function ofMoments(texts: readonly string[], zone: Zone, dst: DstRule): TimingReading {
  const moments = new Set<number>();
  for (const text of texts) {
    const read = readMoments(text, zone, dst);
    if (read === null) return { key: 'at', problem: `${A_TIME}, got ${JSON.stringify(text)}` };
    for (const moment of read) moments.add(moment);
  }
  return { timing: { kind: 'at', moments: [...moments].toSorted((one, other) => one - other) } };
}

const A_TIME = 'expected a time such as 2026-12-24T18:00, in the time zone, or 2026-12-24T18:00+01:00';

/** Null when the text is no time. */
function readMoments(text: string, zone: Zone, dst: DstRule): readonly number[] | null {
  const written = readTime(text);
  if (written === null || written.isDate) return null;
  const { wall, offsetMs } = written;
  return offsetMs === null ? momentsAt(zone, wall, dst) : [wall - offsetMs];
}
