import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allowedUntil, firstAllowed, type HeldCalendar } from './allowed-start.ts';
import { decide, type Decision, type DueSlot, IN_TIME_MS } from './decide.ts';
import { splayOf } from './spread.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLOT = Date.UTC(2026, 0, 10, 3);

const due: DueSlot = {
  slot: SLOT,
  now: SLOT,
  noticedAt: SLOT,
  rules: { startWithinMs: 2 * HOUR, misfire: 'skip', overlap: 'skip' },
  hosts: [{ name: 'web1', delayMs: 0, calendars: [] }],
  pause: null,
  isSuperseded: false,
  running: null,
};

/** `fire`, or what keeps it from that. */
function said(decision: Decision): string {
  return decision.kind === 'fire' ? 'fire' : `${decision.kind} ${decision.reason.code}`;
}

/** Noticed and looked at so long after the slot. */
function after(ms: number): Pick<DueSlot, 'now' | 'noticedAt'> {
  return { now: SLOT + ms, noticedAt: SLOT + ms };
}

test('the table of overlap, lateness and what goes on', () => {
  const { rules } = due;
  const table: readonly (readonly [
    DueSlot['rules']['overlap'],
    DueSlot['rules']['misfire'],
    boolean,
    number,
    string,
  ])[] = [
    // Never ran or ran and is done, then still at work; in time, late within start_within, too late.
    ['skip', 'skip', false, 0, 'fire'],
    ['skip', 'skip', false, IN_TIME_MS, 'fire'],
    ['skip', 'skip', false, IN_TIME_MS + 1, 'miss LATE'],
    ['skip', 'skip', true, 0, 'miss OVERLAP'],
    ['skip', 'run_once', false, 0, 'fire'],
    ['skip', 'run_once', false, 2 * HOUR - 1, 'fire'],
    ['skip', 'run_once', false, 2 * HOUR, 'miss LATE'],
    ['skip', 'run_once', true, HOUR, 'miss OVERLAP'],
    ['queue', 'skip', false, 0, 'fire'],
    ['queue', 'skip', true, 0, 'wait OVERLAP'],
    ['queue', 'skip', true, HOUR, 'miss LATE'],
    ['queue', 'run_once', true, HOUR, 'wait OVERLAP'],
    ['queue', 'run_once', true, 3 * HOUR, 'miss LATE'],
    ['allow', 'skip', true, 0, 'fire'],
    ['allow', 'skip', true, HOUR, 'miss LATE'],
    ['allow', 'run_once', true, HOUR, 'fire'],
    ['allow', 'run_once', true, 3 * HOUR, 'miss LATE'],
  ];
  for (const [overlap, misfire, isRunning, late, expected] of table) {
    const running = isRunning ? '01J' : null;
    const decision = decide({ ...due, ...after(late), running, rules: { ...rules, overlap, misfire } });
    assert.equal(said(decision), expected, `${overlap} ${misfire} ${isRunning} ${late}`);
  }
});

test('a slot that waited for a run to end begins when it has, and not after start_within', () => {
  const rules = { ...due.rules, overlap: 'queue' } as const;
  const waiting = decide({ ...due, rules, running: '01J' });
  assert.deepEqual(waiting.kind === 'wait' ? waiting.until : null, SLOT + 2 * HOUR);
  assert.equal(said(decide({ ...due, rules, now: SLOT + HOUR })), 'fire');
  assert.equal(said(decide({ ...due, rules, now: SLOT + 2 * HOUR })), 'miss LATE');
  assert.equal(said(decide({ ...due, rules, now: SLOT + 2 * HOUR + 1, running: '01J' })), 'miss LATE');
});

test('a pause holds for the slots within it, whenever they are looked at', () => {
  assert.equal(said(decide({ ...due, pause: { until: null } })), 'miss PAUSED');
  assert.equal(said(decide({ ...due, pause: { until: SLOT + 1 } })), 'miss PAUSED');
  assert.equal(said(decide({ ...due, pause: { until: SLOT } })), 'fire');
  assert.equal(said(decide({ ...due, ...after(HOUR), pause: { until: SLOT + MINUTE } })), 'miss PAUSED');
});

test('of several slots that are due only the last fires', () => {
  const rules = { ...due.rules, misfire: 'run_once' } as const;
  assert.equal(said(decide({ ...due, ...after(HOUR), rules, isSuperseded: true })), 'miss SUPERSEDED');
  assert.equal(said(decide({ ...due, ...after(HOUR), rules })), 'fire');
});

test('a slot without hosts is missed', () => {
  assert.equal(said(decide({ ...due, hosts: [] })), 'miss NO_HOST');
});

function held(
  kind: HeldCalendar['kind'],
  name: string,
  ...spans: readonly (readonly [number, number])[]
): HeldCalendar {
  return { kind, name, spans: spans.map(([start, end]) => ({ start: SLOT + start, end: SLOT + end })) };
}

test('freezes put a host off or leave it out, and maintenance lets it begin only within', () => {
  const rows: readonly (readonly [string, readonly HeldCalendar[], number | string])[] = [
    ['no calendar', [], 0],
    ['a freeze that ends in time', [held('freeze', 'f', [-HOUR, HOUR])], HOUR],
    ['one that ends at the last moment', [held('freeze', 'f', [-HOUR, 2 * HOUR - 1])], 2 * HOUR - 1],
    ['one that ends when it is too late', [held('freeze', 'f', [-HOUR, 2 * HOUR])], 'f'],
    ['one that goes on', [held('freeze', 'f', [-HOUR, 3 * HOUR])], 'f'],
    ['two after each other', [held('freeze', 'f', [0, HOUR]), held('freeze', 'g', [HOUR, 90 * MINUTE])], 90 * MINUTE],
    ['one that is past', [held('freeze', 'f', [-HOUR, 0])], 0],
    ['a window that is open', [held('maintenance', 'm', [-HOUR, MINUTE])], 0],
    ['one that opens', [held('maintenance', 'm', [HOUR, 2 * HOUR])], HOUR],
    ['one that has closed', [held('maintenance', 'm', [-HOUR, 0])], 'm'],
    ['one that opens too late', [held('maintenance', 'm', [3 * HOUR, 4 * HOUR])], 'm'],
    [
      'one of two that is open',
      [held('maintenance', 'm', [3 * HOUR, 4 * HOUR]), held('maintenance', 'n', [0, HOUR])],
      0,
    ],
    ['a freeze over the whole window', [held('maintenance', 'm', [0, HOUR]), held('freeze', 'f', [0, HOUR])], 'm'],
    [
      'a freeze over its beginning',
      [held('maintenance', 'm', [0, HOUR]), held('freeze', 'f', [-HOUR, MINUTE])],
      MINUTE,
    ],
  ];
  for (const [what, calendars, expected] of rows) {
    const decision = decide({ ...due, hosts: [{ name: 'web1', delayMs: 0, calendars }] });
    if (typeof expected === 'string') {
      assert.deepEqual(
        decision.kind === 'miss' ? decision.reason.text : decision,
        `kept back by calendar ${expected}`,
        what,
      );
    } else assert.deepEqual(decision.kind === 'fire' ? decision.starts[0]?.at : decision, SLOT + expected, what);
  }
});

test('a host that is kept back does not keep back the others', () => {
  const hosts = [
    { name: 'web1', delayMs: MINUTE, calendars: [] },
    { name: 'db1', delayMs: 0, calendars: [held('freeze', 'f', [-HOUR, 9 * HOUR])] },
  ];
  assert.deepEqual(decide({ ...due, hosts }), {
    kind: 'fire',
    starts: [{ host: 'web1', at: SLOT + MINUTE, putOffBy: null }],
    leftOut: [{ host: 'db1', reason: { code: 'CALENDAR', text: 'kept back by calendar f' } }],
  });
});

test('no host ever begins before now, before its share of the splay, in a freeze, outside of maintenance, or too late, and may until one of them', () => {
  const time = fc.integer({ min: -4 * 60, max: 4 * 60 }).map((minutes) => minutes * MINUTE);
  const span = fc
    .tuple(time, time)
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
  const calendar = fc.tuple(
    fc.constantFrom('freeze' as const, 'maintenance' as const),
    fc.array(span, { maxLength: 3 }),
  );
  fc.assert(
    fc.property(
      fc.array(calendar, { maxLength: 4 }),
      fc.nat({ max: 110 }),
      fc.nat({ max: 119 }),
      (list, late, delay) => {
        const calendars = list.map(([kind, spans], index) => held(kind, `c${index}`, ...spans));
        const rules = { ...due.rules, misfire: 'run_once' } as const;
        const hosts = [{ name: 'web1', delayMs: delay * MINUTE, calendars }];
        const decision = decide({ ...due, ...after(late * MINUTE), rules, hosts });
        const isIn = ({ spans }: HeldCalendar, at: number): boolean =>
          spans.some(({ start, end }) => start <= at && at < end);
        const isAllowed = (at: number): boolean => {
          const windows = calendars.filter(({ kind }) => kind === 'maintenance');
          const isFrozen = calendars.some((each) => each.kind === 'freeze' && isIn(each, at));
          return !isFrozen && (windows.length === 0 || windows.some((each) => isIn(each, at)));
        };
        const earliest = SLOT + Math.max(late, delay) * MINUTE;
        const minutes = Array.from({ length: 120 }, (_, index) => SLOT + index * MINUTE).filter((at) => at >= earliest);
        const expected = minutes.find(isAllowed) ?? null;
        const at = decision.kind === 'fire' ? (decision.starts[0]?.at ?? null) : null;
        assert.equal(at, expected);
        if (at === null) return;
        const day = Array.from({ length: 24 * 60 }, (_, index) => at + index * MINUTE);
        assert.equal(allowedUntil(calendars, at), day.find((moment) => !isAllowed(moment)) ?? Infinity);
      },
    ),
  );
});

test('a calendar may have hundreds of thousands of times', () => {
  const spans = Array.from({ length: 300_000 }, (_, index) => ({ start: index * 2, end: index * 2 + 1 }));
  const windows: HeldCalendar = { name: 'often', kind: 'maintenance', spans };
  const freezes: HeldCalendar = { name: 'often', kind: 'freeze', spans };

  assert.equal(firstAllowed([windows], { start: 101, end: 200 }).at, 102);
  assert.equal(allowedUntil([freezes], 101), 102);
});

test('a splay is the same at every slot, within its bound, and spreads hosts evenly', () => {
  const hosts = Array.from({ length: 1000 }, (_, index) => `web${index}`);
  const delays = hosts.map((host) => splayOf('nightly', host, 20 * MINUTE));
  assert.deepEqual(
    delays,
    hosts.map((host) => splayOf('nightly', host, 20 * MINUTE)),
  );
  assert.ok(delays.every((delay) => delay >= 0 && delay < 20 * MINUTE));
  for (let quarter = 0; quarter < 4; quarter += 1) {
    const count = delays.filter((delay) => Math.floor(delay / (5 * MINUTE)) === quarter).length;
    assert.ok(count > 180 && count < 320, String(count));
  }
  assert.notDeepEqual(
    delays,
    hosts.map((host) => splayOf('weekly', host, 20 * MINUTE)),
  );
  assert.equal(splayOf('nightly', 'web1', 0), 0);
});
