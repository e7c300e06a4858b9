import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedRedisArguments, findRedisUser } from './embedded-redis.ts';

test('the user redis runs it where there is one, nobody elsewhere, root never', () => {
  assert.deepEqual(findRedisUser('root:x:0:0::/root:/bin/sh\nredis:x:102:105::/var/lib/redis:/usr/sbin/nologin\n'), {
    uid: 102,
    gid: 105,
  });
  const nobody = { uid: 65_534, gid: 65_534 };
  assert.deepEqual(findRedisUser(''), nobody);
  assert.deepEqual(findRedisUser('redis:x:0:0::/:/bin/sh'), nobody);
  assert.deepEqual(findRedisUser('redis:x'), nobody);
  assert.deepEqual(findRedisUser('redis2:x:7:7::/:/bin/sh'), nobody);
});

test('it listens on its socket only and keeps what it acknowledged', () => {
  const settings = embeddedRedisArguments().join(' ');

  assert.match(settings, /--port 0 --unixsocket redis\.sock --unixsocketperm 700/);
  assert.match(settings, /--appendonly yes --appendfsync always/);
  assert.match(settings, /--maxmemory-policy noeviction/);
});
