import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sayDaily } from './say-daily.ts';

test('a line that is due with every slot is said once a day, and another at once', () => {
  const said: string[] = [];
  let hour = 0;
  const say = sayDaily({ now: () => hour * 3_600_000 }, (line) => said.push(`${hour} ${line}`));

  for (; hour < 50; hour += 1) {
    say('the end is near');
    if (hour === 5) say('it is over');
  }

  assert.deepEqual(said, ['0 the end is near', '5 it is over', '24 the end is near', '48 the end is near']);
});
