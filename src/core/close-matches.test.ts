import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeMatches, didYouMean } from './close-matches.ts';

test('swapped, missing and wrong letters are close', () => {
  assert.deepEqual(closeMatches('shwo', ['show', 'ls', 'add']), ['show']);
  assert.deepEqual(closeMatches('instal', ['install', 'remove']), ['install']);
  assert.deepEqual(closeMatches('wev1', ['web1', 'web22', 'db1']), ['web1']);
});

test('the beginning of a name is close to it', () => {
  assert.deepEqual(closeMatches('web', ['webserver', 'db']), ['webserver']);
});

test('nothing close gives the other advice', () => {
  assert.equal(didYouMean('mail', ['web1', 'db1'], 'see the list'), 'see the list');
});

test('several close names are listed in words, closest first', () => {
  assert.equal(didYouMean('web', ['web1', 'web2', 'web3', 'web4'], '-'), 'did you mean web1, web2 or web3?');
});
