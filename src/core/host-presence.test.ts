import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_CLOCK_SKEW_MS } from './clock.ts';
import { judgePresence } from './host-presence.ts';
import { PRESENCE_TTL_MS, type Presence } from './presence.ts';

const NOW = 1_800_000_000_000;

function said(seenAt: number, change: Partial<Presence> = {}): Presence {
  const rest = { version: '1', startedAt: 0, clockOffsetMs: 0, queues: [], trust: 1, machine: '', leaving: false };
  return { ...rest, seenAt, ...change };
}

const offsets = fc.integer({ min: -1e12, max: 1e12 });

test('whatever Redis says of the time, what a host said counts no longer than its time and what clocks may be apart', () => {
  fc.assert(
    fc.property(offsets, offsets, fc.nat(1e9), (clockOffsetMs, brokerOffsetMs, more) => {
      const seenAt = NOW - PRESENCE_TTL_MS - MAX_CLOCK_SKEW_MS - 1 - more;
      const judged = judgePresence(said(seenAt, { clockOffsetMs }), { now: NOW, brokerOffsetMs });
      assert.equal(judged.online, false);
    }),
  );
});

test('of clocks that are no further apart than they may be, none makes a host seem away or there', () => {
  const skews = fc.integer({ min: -MAX_CLOCK_SKEW_MS / 2, max: MAX_CLOCK_SKEW_MS / 2 });
  fc.assert(
    fc.property(skews, skews, fc.nat(2 * PRESENCE_TTL_MS), (ofHost, ofReader, ageMs) => {
      // By Redis' clock the host spoke at 0 and the reader looks at `ageMs`.
      const spoken = said(NOW + ofHost, { clockOffsetMs: ofHost });
      const judged = judgePresence(spoken, { now: NOW + ageMs + ofReader, brokerOffsetMs: -ofReader });
      assert.equal(judged.online, ageMs <= PRESENCE_TTL_MS);
      if (!judged.online) assert.equal(judged.lastSeenAt, NOW + ofReader);
    }),
  );
});

test('a host that has said goodbye is away at once, and one that never spoke was never seen', () => {
  const time = { now: NOW, brokerOffsetMs: 0 };
  assert.deepEqual(judgePresence(said(NOW, { leaving: true }), time), { online: false, lastSeenAt: NOW });
  assert.deepEqual(judgePresence(undefined, time), { online: false, lastSeenAt: null });
});
