import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeBroker, type BrokerFacts } from './broker-fitness.ts';

const fit: BrokerFacts = {
  version: '7.0.15',
  infoDenied: false,
  mode: 'standalone',
  master: null,
  maxmemoryPolicy: 'noeviction',
  appendOnly: true,
  appendFsync: 'everysec',
  savePoints: '',
};

function judge(changes: Partial<BrokerFacts>, expectCluster = false): readonly string[] {
  return judgeBroker({ ...fit, ...changes }, 'redis-cli', expectCluster).map(
    ({ severity, message, mend }) => `${severity}: ${message} → ${mend}`,
  );
}

test('a Redis that loses nothing is taken without a word', () => {
  assert.deepEqual(judge({}), []);
  assert.deepEqual(judge({ version: '6.2.0', appendFsync: 'always' }), []);
  assert.deepEqual(judge({ version: '10.1' }), []);
  assert.deepEqual(judge({ mode: 'cluster' }, true), []);
});

test('an old version is not', () => {
  assert.deepEqual(judge({ version: '6.0.16' }), [
    'unfit: Redis 6.0.16 is older than 6.2 → install a newer one; Debian 12 has 7.0: apt-get install redis-server',
  ]);
  assert.match(judge({ version: '5.0.14' }).join(), /^unfit: /);
});

test('nor is one that evicts, whatever the policy', () => {
  assert.deepEqual(judge({ maxmemoryPolicy: 'volatile-lru' }), [
    'unfit: maxmemory-policy is volatile-lru: Redis would throw away orders and reports when memory is short → redis-cli CONFIG SET maxmemory-policy noeviction && redis-cli CONFIG REWRITE',
  ]);
});

test('without an append-only file, snapshots are a warning and nothing at all is unfit', () => {
  assert.match(
    judge({ appendOnly: false, savePoints: '' }).join(),
    /^unfit: Redis keeps nothing on disk.*appendonly yes/,
  );
  assert.match(judge({ appendOnly: false, savePoints: '3600 1' }).join(), /^warning: .*\(save 3600 1\)/);
  assert.match(judge({ appendOnly: false, savePoints: null }).join(), /^warning: .*not for this user to see/);
});

test('an append-only file that is never synced is a warning', () => {
  assert.match(judge({ appendFsync: 'no' }).join(), /^warning: appendfsync is no.*appendfsync everysec/);
});

test('a replica, a Sentinel and a node of the wrong kind are not the Redis that is meant', () => {
  assert.match(judge({ master: { host: '10.0.0.1', port: '6379' } }).join(), /^unfit: .*redis:\/\/10\.0\.0\.1:6379/);
  assert.equal(judge({ mode: 'sentinel', appendOnly: false }).length, 1);
  assert.match(judge({ mode: 'sentinel' }).join(), /broker\.sentinel\.nodes/);
  assert.match(judge({ mode: 'cluster' }).join(), /broker\.cluster\.nodes/);
  assert.match(judge({}, true).join(), /broker\.url/);
});

test('what says no version although it may be asked is not Redis', () => {
  assert.deepEqual(judge({ version: null, mode: null, maxmemoryPolicy: null, appendOnly: null }), [
    'unfit: what answers says no version of itself, so it is not Redis → check host and port of broker.url',
  ]);
});

test('what cannot be seen is a warning, never a refusal', () => {
  const blind = judge({
    version: null,
    infoDenied: true,
    mode: null,
    maxmemoryPolicy: null,
    appendOnly: null,
    appendFsync: null,
    savePoints: null,
  });

  assert.equal(blind.length, 3);
  for (const finding of blind) assert.match(finding, /^warning: cannot see /);
});
