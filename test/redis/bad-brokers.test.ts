import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { ConnectionError, type ErrorCode } from '../../src/core/errors.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { freePort, settingsFor, startRedis, waitUntil, withPassword } from '../support/redis.ts';
import { startCluster, startSentinelGroup } from '../support/redis-groups.ts';
import { makeCertificates } from '../support/redis-tls.ts';

forbidLeaks();

type Expected = { readonly code: ErrorCode; readonly message: RegExp; readonly hint: RegExp };

/** One ConnectionError, with an address, a hint and no password, before a person gets impatient. */
async function assertRefused(settings: BrokerSettings, expected: Expected): Promise<ConnectionError> {
  const begin = performance.now();
  const error = await openControllerBroker(settings).then(
    () => assert.fail('it opened'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConnectionError, String(error));
  assert.match(error.message, expected.message);
  assert.equal(error.code, expected.code);
  assert.match(error.hint ?? '', expected.hint);
  assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2/);
  assert.ok(performance.now() - begin < 10_000, 'it took longer than anyone waits');
  return error;
}

async function listening(server: Server): Promise<AsyncDisposable & { readonly settings: BrokerSettings }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    settings: at(address.port),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Commands of a pipeline; each is an array of bulk strings. */
function commandsIn(data: Buffer | string): number {
  return data.toString().match(/^\*\d+\r$/gm)?.length ?? 0;
}

const at = (port: number, name = '127.0.0.1'): BrokerSettings =>
  withPassword(settingsFor({ kind: 'tcp', node: { host: name, port } }), null, 'hunter2');

test('a port where nothing listens', async () => {
  const port = await freePort();

  await assertRefused(at(port), {
    code: 'BROKER_UNREACHABLE',
    message: new RegExp(`^cannot reach Redis at redis://127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`),
    hint: /redis-cli -u URL ping/,
  });
});

test('a host name that does not exist', async () => {
  await assertRefused(at(6379, 'redis.invalid'), {
    code: 'BROKER_UNREACHABLE',
    message: /name of the Redis host is unknown at redis:\/\/redis\.invalid:6379/,
    hint: /getent hosts/,
  });
});

test('a socket that is not there', async () => {
  await assertRefused(settingsFor({ kind: 'socket', path: '/nonexistent/redis.sock' }), {
    code: 'BROKER_UNREACHABLE',
    message: /no Redis socket at unix:\/\/\/nonexistent\/redis\.sock/,
    hint: /celeroot up/,
  });
});

test('a web server', async () => {
  await using http = await listening(createHttpServer((_, response) => response.end('hello')));

  await assertRefused(http.settings, {
    code: 'BROKER_UNFIT',
    message: /what answers is not Redis at /,
    hint: /check host and port/,
  });
});

test('a server that closes every connection', async () => {
  await using server = await listening(createServer((socket) => socket.end()));

  await assertRefused(server.settings, {
    code: 'BROKER_UNREACHABLE',
    message: /closed the connection without an answer/,
    hint: /check host and port/,
  });
});

test('a server that talks first, as SSH does', async () => {
  await using server = await listening(createServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')));

  await assertRefused(server.settings, { code: 'BROKER_UNFIT', message: /is not Redis/, hint: /check host and port/ });
});

test('a server that says yes to everything', async () => {
  await using server = await listening(
    createServer((socket) => socket.on('data', (data) => void socket.write('+OK\r\n'.repeat(commandsIn(data))))),
  );
  const unfit = {
    code: 'BROKER_UNFIT',
    message: /says no version of itself, so it is not Redis/,
    hint: /check host/,
  } as const;

  await assertRefused(server.settings, unfit);
  await assert.rejects(openWorkerBroker(server.settings), { code: 'BROKER_UNFIT', message: unfit.message });
});

test('a Redis without the database that is asked for, which a worker does not wait for either', async () => {
  await using redis = await startRedis();
  const settings = { ...redis.settings, database: 99 };
  const lines: string[] = [];

  await assertRefused(settings, {
    code: 'BROKER_UNFIT',
    message: /^there is no database of that number in Redis at redis:\S+\/99$/,
    hint: /CONFIG GET databases/,
  });
  await assert.rejects(openWorkerBroker(settings, { log: (line) => lines.push(line) }), { code: 'BROKER_UNFIT' });
  assert.deepEqual(lines, []);
});

test('a worker says that it waits for a server that takes connections and says nothing', async () => {
  await using server = await listening(createServer());
  const stop = new AbortController();
  const lines: string[] = [];

  const opening = openWorkerBroker(server.settings, { signal: stop.signal, log: (line) => lines.push(line) });
  await waitUntil(() => lines.length > 0, 'a line about the silence', 10_000);
  stop.abort();

  await assert.rejects(opening, { code: 'BROKER_UNREACHABLE' });
  assert.match(lines.join('\n'), /^Redis at redis:\S+ has not answered yet; waiting for it$/);
});

test('a server that takes connections and says nothing', async () => {
  await using server = await listening(createServer());

  await assertRefused(server.settings, {
    code: 'BROKER_UNREACHABLE',
    message: /did not answer within 3 s/,
    hint: /nc -vz/,
  });
});

test('a Redis that hangs', async () => {
  await using redis = await startRedis();
  redis.freeze();

  await assertRefused(redis.settings, {
    code: 'BROKER_UNREACHABLE',
    message: /did not answer within 3 s/,
    hint: /nc -vz/,
  });
  // What is open keeps the process, and whoever waits for its prompt.
  const isGone = (): boolean => !process.getActiveResourcesInfo().includes('TCPSocketWrap');
  await waitUntil(isGone, 'the connection to be gone', 1000);
});

test('a host that swallows packets', async () => {
  await using redis = await startRedis({ args: ['--tcp-backlog', '1'] });
  redis.freeze();
  // With its queue of connections full, Linux drops what asks for another.
  const waiting = Array.from({ length: 8 }, () => connect(redis.port, '127.0.0.1').on('error', () => undefined));

  await assertRefused(redis.settings, {
    code: 'BROKER_UNREACHABLE',
    message: /did not answer within 3 s|does not answer/,
    hint: /nc -vz/,
  });
  for (const socket of waiting) socket.destroy();
});

test('a wrong password, a wrong user and none at all', async () => {
  await using redis = await startRedis({ password: 'right' });
  const wrong = {
    code: 'BROKER_REFUSED',
    message: /^wrong user or password for Redis at redis:\S+$/,
    hint: /password_file/,
  } as const;

  await assertRefused(withPassword(redis.settings, null, 'hunter2'), wrong);
  await assertRefused(withPassword(redis.settings, 'nobody', 'hunter2'), wrong);
  await assertRefused(redis.settings, {
    code: 'BROKER_REFUSED',
    message: /^a password is needed and none is set for Redis at redis:\S+$/,
    hint: /CELEROOT_REDIS_PASSWORD/,
  });
  await assert.rejects(openWorkerBroker(withPassword(redis.settings, null, 'hunter2')), {
    code: 'BROKER_REFUSED',
  });
});

test('TLS where there is none, and none where there is', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-tls-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const { ca, serverArguments } = await makeCertificates(folder);
  const port = await freePort();
  const secure = stack.use(await startRedis({ port, args: serverArguments(port) }));
  const plain = stack.use(await startRedis());

  await assertRefused(
    { ...plain.settings, tls: { ca } },
    { code: 'BROKER_UNREACHABLE', message: /did not answer|no TLS/, hint: /TLS/ },
  );
  await assertRefused(secure.settings, { code: 'BROKER_UNREACHABLE', message: /closed|not Redis/, hint: /rediss/ });
  await assertRefused(
    { ...secure.settings, tls: { ca: null } },
    { code: 'BROKER_REFUSED', message: /certificate of Redis is not trusted/, hint: /ca_file/ },
  );
});

test('a Redis that throws away what it holds, or keeps nothing on disk', async () => {
  await using redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no'] });

  const error = await assertRefused(redis.settings, {
    code: 'BROKER_UNFIT',
    message: /maxmemory-policy is allkeys-lru.*; Redis keeps nothing on disk/,
    hint: new RegExp(
      `redis-cli -h 127.0.0.1 -p ${redis.port} CONFIG SET maxmemory-policy noeviction && .*CONFIG REWRITE\n.*CONFIG SET appendonly yes`,
    ),
  });

  for (const line of (error.hint ?? '').split('\n')) {
    const words = (line.split(' && ')[0] ?? '').split(' ');
    await redis.command(...words.slice(words.indexOf('CONFIG')));
  }
  await using controller = await openControllerBroker(redis.settings);
  assert.deepEqual(await controller.runIds(1), []);
});

test('snapshots alone are taken with a warning', async () => {
  await using redis = await startRedis({ args: ['--appendonly', 'no', '--save', '3600 1'] });
  const lines: string[] = [];

  await using _ = await openControllerBroker(redis.settings, (line) => lines.push(line));

  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /appendonly is no: a crash loses what came after the last snapshot \(save 3600 1\)/);
});

test('a read-only replica', async () => {
  await using master = await startRedis();
  await using replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });

  await assertRefused(replica.settings, {
    code: 'BROKER_UNFIT',
    message: new RegExp(`read-only replica of 127\\.0\\.0\\.1:${master.port}`),
    hint: /REPLICAOF NO ONE/,
  });
  await replica.command('REPLICAOF', 'NO', 'ONE');
});

test('a user who may not see the settings is told what could not be checked, by us and not by the client', async (context) => {
  const clientWarning = context.mock.method(console, 'warn');
  await using redis = await startRedis();
  await redis.command('ACL', 'SETUSER', 'blind', 'on', '>hunter2', '~*', '+@all', '-info', '-config');
  const lines: string[] = [];

  await using controller = await openControllerBroker(withPassword(redis.settings, 'blind', 'hunter2'), (line) =>
    lines.push(line),
  );

  assert.deepEqual(await controller.runIds(1), []);
  assert.equal(lines.filter((line) => line.includes('cannot see')).length, lines.length);
  assert.ok(lines.length > 0);
  assert.equal(clientWarning.mock.callCount(), 0);
});

test('a user who may not do what is needed', async () => {
  await using redis = await startRedis();
  await redis.command('ACL', 'SETUSER', 'weak', 'on', '>hunter2', '~*', '+@connection', '+info');
  await using controller = await openControllerBroker(withPassword(redis.settings, 'weak', 'hunter2'));

  await assert.rejects(controller.runIds(1), {
    code: 'BROKER_REFUSED',
    message: /does not let this user do what is needed .*NOPERM/,
  });
});

test('one node of a cluster named as a single Redis, and a single Redis named as a cluster', async () => {
  await using cluster = await startCluster();
  await using redis = await startRedis();
  const port = cluster.servers[0]?.port ?? 0;

  await assertRefused(settingsFor({ kind: 'tcp', node: { host: '127.0.0.1', port } }), {
    code: 'BROKER_UNFIT',
    message: /one node of a Redis Cluster/,
    hint: /broker\.cluster\.nodes/,
  });
  await assertRefused(settingsFor({ kind: 'cluster', nodes: [{ host: '127.0.0.1', port: redis.port }] }), {
    code: 'BROKER_UNFIT',
    message: /not a Cluster|cluster support disabled/,
    hint: /broker\.url/,
  });
});

test('Sentinels that are not there, and some that watch no master of that name', async () => {
  const nodes = [{ host: '127.0.0.1', port: await freePort() }];
  await using group = await startSentinelGroup();
  const { endpoint } = group.settings;
  assert.equal(endpoint.kind, 'sentinel');
  const wrong = {
    code: 'BROKER_UNREACHABLE',
    message: /no Sentinel knows a master at redis:\/\/(celeroot|other) by sentinels 127\.0\.0\.1:/,
    hint: /SENTINEL MASTERS/,
  } as const;

  await assertRefused(settingsFor({ kind: 'sentinel', master: 'celeroot', nodes }), wrong);
  await assertRefused({ ...group.settings, endpoint: { ...endpoint, master: 'other' } }, wrong);
});
