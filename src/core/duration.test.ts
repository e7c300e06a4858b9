import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAge, formatDuration, parseDuration } from './duration.ts';

test('durations are read in seconds, minutes, hours and days, also together', () => {
  assert.equal(parseDuration('90s'), 90_000);
  assert.equal(parseDuration('1h30m'), 5_400_000);
  assert.equal(parseDuration('7d'), 604_800_000);
});

test('what is no duration is refused', () => {
  for (const text of ['', '5', '-5m', '1.5h', '5 m', '5w', 'h', '5m!']) assert.equal(parseDuration(text), null, text);
});

test('durations are written in at most two units', () => {
  assert.equal(formatDuration(3140), '3.1 s');
  assert.equal(formatDuration(59_990), '1 min');
  assert.equal(formatDuration(7_500_000), '2 h 5 min');
  assert.equal(formatDuration(7_200_000), '2 h');
  assert.equal(formatDuration(3_599_999), '1 h');
  assert.equal(formatDuration(90_000_000), '1 d 1 h');
});

test('an age is written in its largest unit', () => {
  assert.equal(formatAge(-1), 'just now');
  assert.equal(formatAge(42_000), '42 s ago');
  assert.equal(formatAge(7_300_000), '2 h ago');
});
