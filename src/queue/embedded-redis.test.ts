import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedRedisArguments, findRedisUser, listeningArguments, whyNotListening } from './embedded-redis.ts';

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

test('for other hosts it speaks TLS alone, at the one address or for a name at all, and has a file of users', () => {
  const byAddress = listeningArguments({ host: '10.0.0.1', port: 6380 }).join(' ');
  const byName = listeningArguments({ host: 'ctl.example.org', port: 6380 }).join(' ');

  assert.match(
    byAddress,
    /^--tls-port 6380 --bind 10\.0\.0\.1 --tls-cert-file server\.pem --tls-key-file server\.pem /,
  );
  assert.match(byAddress, /--aclfile users\.acl/);
  assert.doesNotMatch(byAddress, / --port/);
  assert.match(byName, /^--tls-port 6380 --bind \* -::\* --tls-cert/);
});

test('what Redis logs when it could not listen is told in words', () => {
  const node = { host: '10.0.0.1', port: 6380 };
  const inUse = 'Could not create server TCP listening socket 10.0.0.1:6380: bind: Address already in use\n';
  const notOurs = 'Could not create server TCP listening socket 10.0.0.1:6380: bind: Cannot assign requested address\n';

  assert.equal(whyNotListening(inUse, node)?.why, 'another program listens at port 6380');
  assert.equal(whyNotListening(notOurs, node)?.why, '10.0.0.1:6380 is no address of this machine');
  assert.equal(whyNotListening('Bad file format reading the append only file\n', node), null);
});
