import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { freePort, settingsFor, startRedis, waitUntil, type TestRedis } from './redis.ts';

const run = promisify(execFile);

export type RedisGroup = AsyncDisposable & {
  readonly settings: BrokerSettings;
  readonly servers: readonly TestRedis[];
};

/** A master, its replica and three Sentinels that fail over within about a second. */
export async function startSentinelGroup(): Promise<RedisGroup & { readonly master: () => Promise<number> }> {
  await using stack = new AsyncDisposableStack();
  const folder = await ownFolder(stack, 'sentinel');
  const master = stack.use(await startRedis({ folder }));
  const replica = stack.use(await startRedis({ folder, args: ['--replicaof', '127.0.0.1', String(master.port)] }));
  await waitUntil(
    async () => (await replica.command('INFO', 'replication')).includes('master_link_status:up'),
    'the replica to be in step',
  );
  const sentinels: TestRedis[] = [];
  for (let index = 0; index < 3; index += 1) sentinels.push(stack.use(await startSentinel(folder, master.port)));
  const first = sentinels[0];
  assert.ok(first);
  await waitUntil(
    async () => (await first.command('INFO', 'sentinel')).includes('slaves=1,sentinels=3'),
    'the Sentinels to know one another',
  );
  const masterPort = async (): Promise<number> =>
    Number((await first.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'celeroot')).split('\n')[1]);
  const nodes = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const owned = stack.move();
  return {
    settings: settingsFor({ kind: 'sentinel', master: 'celeroot', nodes }),
    servers: [master, replica],
    master: masterPort,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Three masters that share the slots. */
export async function startCluster(): Promise<RedisGroup> {
  await using stack = new AsyncDisposableStack();
  const folder = await ownFolder(stack, 'cluster');
  const servers: TestRedis[] = [];
  for (let index = 0; index < 3; index += 1) servers.push(stack.use(await startClusterNode(folder)));
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  await untilAgreed(servers);
  const nodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const owned = stack.move();
  return {
    settings: settingsFor({ kind: 'cluster', nodes }),
    servers,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Waits until every node of a cluster thinks that it works. */
export async function untilAgreed(servers: readonly TestRedis[]): Promise<void> {
  for (const server of servers) {
    await waitUntil(
      async () => (await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      'the cluster to agree',
    );
  }
}

async function ownFolder(stack: AsyncDisposableStack, what: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `celeroot-${what}-`));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function startSentinel(folder: string, masterPort: number): Promise<TestRedis> {
  const port = await freePort();
  const file = join(folder, `sentinel-${port}.conf`);
  await writeFile(
    file,
    [
      `sentinel monitor celeroot 127.0.0.1 ${masterPort} 2`,
      'sentinel down-after-milliseconds celeroot 500',
      'sentinel failover-timeout celeroot 3000',
      '',
    ].join('\n'),
  );
  return await startRedis({ folder, port, sentinelFile: file });
}

/** The cluster bus listens 10,000 above by default, which a random port may not leave room for. */
async function startClusterNode(folder: string): Promise<TestRedis> {
  const port = await freePort();
  const bus = await freePort();
  const args = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '2000'];
  return await startRedis({ folder, port, args: [...args, '--cluster-config-file', `nodes-${port}.conf`] });
}
