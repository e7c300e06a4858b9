import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openControllerBroker } from '../../src/queue/open.ts';
import { hearPresences } from '../../src/fleet/hear-hosts.ts';
import { writeSigningKey } from '../../src/trust/key-file.ts';
import { endOf, fleetName, makeFleet, newOrder, submit, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil } from '../support/redis.ts';
import { newStateDir } from '../support/worker.ts';
import { hostKey, hostNamed } from '../support/spoken.ts';
import { spawnWorker, writeWorkerFile } from '../support/spawn-worker.ts';

forbidLeaks();

describe('celeroot worker', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`does jobs until ${signal}, then ends well and is shown offline`, async () => {
      await using redis = await startRedis();
      await using controller = await openControllerBroker(redis.settings);
      await using state = await newStateDir();
      const fleet = makeFleet();
      await fleet.publish(controller);
      await writeSigningKey(join(state.path, 'host.key'), hostKey);
      const file = await writeWorkerFile(state.path, fleet.configFor(redis.settings));
      await using worker = spawnWorker(file, state.path);
      await worker.says(/^ready: serves host\.web1, role\.web$/);
      const order = newOrder();
      await submit(controller, order, fleet.key);
      assert.equal((await endOf(controller, order)).kind, 'done');
      const audience = { fleet: fleetName, hosts: [hostNamed(web1)] };
      const isOnline = async (): Promise<boolean | undefined> =>
        (await hearPresences(controller, audience, Date)).get(web1)?.online;
      await waitUntil(async () => (await isOnline()) === true, 'presence');

      worker.signal(signal);

      assert.deepEqual(await worker.exit, { code: 0, stderr: '' });
      assert.equal(await isOnline(), false);
    });
  }

  test('listens on nothing: no port, no socket', async () => {
    await using redis = await startRedis();
    await using state = await newStateDir();
    const file = await writeWorkerFile(state.path, makeFleet().configFor(redis.settings));
    await using worker = spawnWorker(file, state.path);
    await worker.says(/^ready/);

    assert.deepEqual(await listeningSockets(worker.pid), []);
    // Nor could a listener be overlooked: this process makes one and finds it.
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    assert.equal((await listeningSockets(process.pid)).length, 1);
    listener.close();
  });

  test('waits for a Redis that is not there yet, and can be stopped while it waits', async () => {
    await using redis = await startRedis();
    await redis.stop();
    await using state = await newStateDir();
    const file = await writeWorkerFile(state.path, makeFleet().configFor(redis.settings));
    await using waiting = spawnWorker(file, state.path);
    await waiting.says(/waiting for it/);
    waiting.signal('SIGTERM');
    assert.deepEqual(await waiting.exit, { code: 0, stderr: '' });

    await using worker = spawnWorker(file, state.path);
    await worker.says(/waiting for it/);
    await redis.start();

    await worker.says(/^ready/);
  });

  test('refuses to be the second one of a state folder, naming the first', async () => {
    await using redis = await startRedis();
    await using state = await newStateDir();
    const file = await writeWorkerFile(state.path, makeFleet().configFor(redis.settings));
    await using first = spawnWorker(file, state.path);
    await first.says(/^ready/);

    await using second = spawnWorker(file, state.path);
    const { code, stderr } = await second.exit;

    assert.equal(code, 5);
    assert.match(stderr, /^error\[WORKER_RUNS\]: another worker \(process (\d+)\) already runs with the state folder /);
    assert.ok(stderr.includes(`(process ${first.pid})`));
  });

  test('is not started by a dead worker’s lock being there', async () => {
    await using redis = await startRedis();
    await using state = await newStateDir();
    const file = await writeWorkerFile(state.path, makeFleet().configFor(redis.settings));
    await using killed = spawnWorker(file, state.path);
    await killed.says(/^ready/);
    killed.signal('SIGKILL');
    await killed.exit;

    await using next = spawnWorker(file, state.path);

    await next.says(/^ready/);
  });

  const bad: readonly (readonly [what: string, text: string, code: number, error: RegExp])[] = [
    ['no worker file', 'version: 1\nfleet: test\n', 3, /^error\[CONFIG_INVALID\]/],
    ['no YAML', '\tversion: 1\n', 3, /^error\[CONFIG_INVALID\]/],
  ];
  for (const [what, text, code, error] of bad) {
    test(`given ${what} says so in one error`, async () => {
      await using state = await newStateDir();
      const file = join(state.path, 'worker.yaml');
      await writeFile(file, text);

      await using worker = spawnWorker(file, state.path);
      const ended = await worker.exit;

      assert.match(ended.stderr, error);
      assert.equal(ended.code, code);
      assert.doesNotMatch(ended.stderr, /\n {4}at /);
    });
  }
});

/** Sockets of a process that others can connect to, or send to without connecting: proc_net(5). */
async function listeningSockets(pid: number): Promise<readonly string[]> {
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  const own = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const lines = async (table: string): Promise<readonly string[]> =>
    (await readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')).split('\n');
  const found: string[] = [];
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6']) {
    for (const line of await lines(table)) {
      const [, , , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (own.has(inode) && (!table.startsWith('tcp') || state === LISTEN)) found.push(`${table} ${line}`);
    }
  }
  for (const line of await lines('unix')) {
    const [, , , flags = '', , , inode = ''] = line.trim().split(/\s+/);
    if (own.has(inode) && (parseInt(flags, 16) & ACCEPTS) !== 0) found.push(`unix ${line}`);
  }
  return found;
}

const LISTEN = '0A';
/** __SO_ACCEPTCON */
const ACCEPTS = 0x10000;
