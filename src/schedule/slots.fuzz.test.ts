import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectedSlots, offsetsOf, oracleRules, patternTables } from '../../test/support/slot-oracle.ts';
import type { OracleRule, PatternTable } from '../../test/support/slot-oracle.ts';
import { readTiming } from './read-timing.ts';
import { nextSlot, slotsBetween, type Timing } from './slots.ts';
import { openZone, UTC } from './zone.ts';

/** `CELEROOT_FUZZ=20` holds 200 patterns against ten years in each of the twelve zones, and all zones there are. */
const VOLUME = Number(process.env['CELEROOT_FUZZ'] ?? 1);
const DAY_MS = 86_400_000;

/** Both halves of the world, half hours, midnights, a fast that stops the summer, a lost day, and one without changes. */
const ZONES = [
  'Africa/Cairo',
  'Africa/Casablanca',
  'America/Los_Angeles',
  'America/New_York',
  'America/Santiago',
  'America/St_Johns',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Europe/London',
  'Pacific/Apia',
  'Pacific/Chatham',
];

function timingOf({ text }: PatternTable, zone: string, { missing, repeated }: OracleRule): Timing {
  const written = { cron: text, missing_hour: missing, repeated_hour: repeated };
  const read = readTiming(written, openZone(zone) ?? UTC, 'x');
  assert.ok('timing' in read, text);
  return read.timing;
}

type Stage = { readonly zone: string; readonly from: number; readonly offsets: Int16Array };

function assertAgrees({ zone, from, offsets }: Stage, pattern: PatternTable, rule: OracleRule): void {
  const expected = expectedSlots(pattern, { from, offsets }, rule);
  const last = from + (offsets.length - 1) * 60_000;
  const found = [...slotsBetween(timingOf(pattern, zone, rule), from, last)];
  const wrong = found.findIndex((slot, index) => slot !== expected[index]);
  if (wrong === -1 && found.length === expected.length) return;
  const at = wrong === -1 ? Math.min(found.length, expected.length) : wrong;
  const shown = [found[at], expected[at]].map((slot) => (slot === undefined ? 'none' : new Date(slot).toISOString()));
  assert.fail(`${pattern.text} in ${zone}, ${JSON.stringify(rule)}: got ${shown[0]}, expected ${shown[1]}`);
}

test('slots are those a clock shows minute by minute, over years and zones', () => {
  const years = Math.min(10, VOLUME);
  const count = Math.min(200, 10 * VOLUME);
  for (const zone of ZONES) {
    const [from, to] = [Date.UTC(2022, 0, 1), Date.UTC(2022 + years, 0, 1)];
    const stage = { zone, from, offsets: offsetsOf(zone, from, to) };
    for (const [pattern, rule] of fc.sample(fc.tuple(patternTables, oracleRules), count)) {
      assertAgrees(stage, pattern, rule);
    }
  }
});

test('slots are those a clock shows around every change of every zone', () => {
  const all = Intl.supportedValuesOf('timeZone');
  const zones = VOLUME >= 20 ? all : fc.sample(fc.constantFrom(...all), 8 * VOLUME);
  const [from, to] =
    VOLUME >= 20 ? [Date.UTC(1980, 0, 1), Date.UTC(2038, 0, 1)] : [Date.UTC(2008, 0, 1), Date.UTC(2013, 0, 1)];
  let changes = 0;
  for (const zone of zones) {
    const offsets = offsetsOf(zone, from, to);
    for (const index of changesIn(offsets)) {
      const [start, end] = [Math.max(0, index - 2880), Math.min(offsets.length, index + 2880)];
      const stage = { zone, from: from + start * 60_000, offsets: offsets.subarray(start, end) };
      for (const [pattern, rule] of fc.sample(fc.tuple(patternTables, oracleRules), 4)) {
        assertAgrees(stage, pattern, rule);
      }
      changes += 1;
    }
  }
  assert.ok(VOLUME < 20 || changes > 10_000);
});

function changesIn(offsets: Int16Array): readonly number[] {
  const found: number[] = [];
  for (let index = 1; index < offsets.length; index += 1) if (offsets[index] !== offsets[index - 1]) found.push(index);
  return found;
}

test('the next slot is always after the moment asked about, and none is between', () => {
  const moment = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2090, 0, 1) });
  fc.assert(
    fc.property(
      fc.tuple(patternTables, oracleRules),
      fc.constantFrom(...ZONES),
      moment,
      ([pattern, rule], zone, from) => {
        const timing = timingOf(pattern, zone, rule);
        const next = nextSlot(timing, from);
        if (next === null) return;
        assert.ok(next > from);
        assert.equal(nextSlot(timing, next - 1), next);
        assert.equal(nextSlot(timing, Math.floor((from + next) / 2)), next);
      },
    ),
    { numRuns: 200 * VOLUME },
  );
});

test('intervals keep their distance from the anchor for ever', () => {
  const anchor = fc.integer({ min: -DAY_MS * 365, max: Date.UTC(2100, 0, 1) });
  fc.assert(
    fc.property(fc.integer({ min: 60_000, max: 366 * DAY_MS }), anchor, anchor, (everyMs, start, from) => {
      const next = nextSlot({ kind: 'every', everyMs, anchor: start }, from) ?? -1;
      assert.ok(next > from && next - from <= everyMs);
      assert.equal(Math.abs((next - start) % everyMs), 0);
    }),
    { numRuns: 200 * VOLUME },
  );
});
