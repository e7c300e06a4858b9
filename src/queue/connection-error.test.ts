import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplyError } from 'ioredis';
import { ConnectionError, RejectedError } from '../core/errors.ts';
import { connectionError, isPassing } from './connection-error.ts';

const reply = (message: string): unknown => new ReplyError(message);

test('an error of ours passes as it is', () => {
  const ours = new RejectedError('RUN_EXISTS', 'run x is stored already');

  assert.equal(connectionError(ours, 'redis://h:1'), ours);
  assert.equal(isPassing(ours), false);
});

test('what Redis says is named with its address, once, without a full stop', () => {
  const error = connectionError(reply('NOPERM this user has no permissions to run the command.'), 'redis://h:1');

  assert.ok(error instanceof ConnectionError);
  assert.equal(error.code, 'BROKER_REFUSED');
  assert.equal(
    error.message,
    'Redis does not let this user do what is needed at redis://h:1: NOPERM this user has no permissions to run the command',
  );
});

test('where our words say it all, those of Redis do not follow', () => {
  for (const [words, message] of [
    ['WRONGPASS invalid username-password pair or user is disabled.', 'wrong user or password for Redis at a'],
    [
      'NOAUTH HELLO must be called with the client already authenticated',
      'a password is needed and none is set for Redis at a',
    ],
    ['ERR DB index is out of range', 'there is no database of that number in Redis at a'],
    [
      'DENIED Redis is running in protected mode because',
      'connections from other machines are not taken by Redis in protected mode at a',
    ],
  ] as const) {
    assert.equal(connectionError(reply(words), 'a').message, message);
  }
});

test('a command that Redis takes neither now nor later is not called Redis being away', () => {
  const { code, message } = connectionError(reply('WRONGTYPE Operation against a key'), 'a');
  assert.deepEqual(
    [code, message],
    ['BROKER_UNFIT', 'Redis does not take a command at a: WRONGTYPE Operation against a key'],
  );
  assert.equal(connectionError(reply('CLUSTERDOWN The cluster is down'), 'a').code, 'BROKER_UNREACHABLE');
});

test('a client that wants to hear of what it could not read does not ask the reader to report it', () => {
  const error = connectionError(new Error('Protocol error, got "H" as reply. Please report this.'), 'a');

  assert.equal(error.message, 'what answers is not Redis at a: Protocol error, got "H" as reply');
});

test('a refusal over memory or disk says which', () => {
  assert.match(connectionError(reply('OOM command not allowed'), 'a').hint ?? '', /maxmemory/);
  assert.match(connectionError(reply('MISCONF Errors writing to the AOF file'), 'a').hint ?? '', /disk/);
  assert.match(connectionError(reply('LOADING Redis is loading'), 'a').hint ?? '', /seconds/);
});

test('a worker tries again what Redis may take later, and nothing else', () => {
  for (const message of [
    'OOM x',
    'LOADING x',
    'READONLY x',
    'NOAUTH x',
    'WRONGPASS x',
    'NOPERM x',
    'MISCONF x',
    'CLUSTERDOWN x',
  ]) {
    assert.equal(isPassing(reply(message)), true, message);
  }
  assert.equal(isPassing(new Error('connect ECONNREFUSED')), true);
  for (const message of ['WRONGTYPE x', 'ERR x', 'NOSCRIPT x']) assert.equal(isPassing(reply(message)), false, message);
});
