import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextRound } from 'node:timers/promises';
import { createTurn, type TurnWait } from './turn.ts';

function waitWith(signal: AbortSignal = new AbortController().signal): TurnWait & { readonly holders: string[] } {
  const holders: string[] = [];
  return { holders, signal, onWaiting: (holder) => holders.push(holder) };
}

describe('the turn of a host', () => {
  test('is given at once when it is free', async () => {
    const turn = createTurn();
    const wait = waitWith();

    using _mine = await turn.take('a', wait);

    assert.deepEqual(wait.holders, []);
    assert.equal(turn.isFree(), false);
  });

  test('goes round in the order it was asked for, one holder at a time', async () => {
    const turn = createTurn();
    const log: string[] = [];
    const holders = { a: waitWith(), b: waitWith(), c: waitWith() };
    const job = async (name: 'a' | 'b' | 'c'): Promise<void> => {
      using _mine = await turn.take(name, holders[name]);
      log.push(`${name} begins`);
      await nextRound();
      log.push(`${name} ends`);
    };

    await Promise.all([job('a'), job('b'), job('c')]);

    assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    assert.deepEqual([holders.a.holders, holders.b.holders, holders.c.holders], [[], ['a'], ['a']]);
    assert.equal(turn.isFree(), true);
  });

  test('passes over one that stopped waiting', async () => {
    const turn = createTurn();
    const gone = new AbortController();
    const first = await turn.take('a', waitWith());
    const second = turn.take('b', waitWith(gone.signal));
    const third = turn.take('c', waitWith());

    gone.abort(new RangeError('gone'));
    await assert.rejects(second, RangeError);
    first[Symbol.dispose]();

    using _mine = await third;
    assert.equal(turn.isFree(), false);
  });

  test('given back twice is given back once', async () => {
    const turn = createTurn();
    const first = await turn.take('a', waitWith());
    const second = turn.take('b', waitWith());
    const third = turn.take('c', waitWith());
    let thirdHasIt = false;
    void third.then(() => {
      thirdHasIt = true;
    });

    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await second;
    await nextRound();

    assert.equal(thirdHasIt, false);
  });
});
