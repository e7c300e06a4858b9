import { mkdir, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RejectedError } from '../src/core/errors.ts';
import { enterArgv, findInit, startInit } from './namespaces.ts';
import { labNetwork, linkMachine, REDIS_PORT } from './network.ts';
import { CHECKOUT, type LabPaths } from './paths.ts';
import type { Stage } from './repository/build-repository.ts';
import { run } from './run-command.ts';
import type { LabState } from './state.ts';

const UP = 'start it with: npm run lab -- up 3';

/** Ends when the server serves, or when it has ended. */
const SERVE = `
setsid "$0" "$1" "$2" "$3" >"$4" 2>&1 </dev/null &
until grep -q serving "$4"; do
  kill -0 $! 2>/dev/null || { cat "$4" >&2; exit 1; }
  sleep 0.05
done`;

export function hubPlace(paths: LabPaths): string {
  return join(paths.folder, 'hub');
}

/** Starts the hub with its Redis and its package repository, if it does not run. */
export async function startHub(paths: LabPaths, state: LabState): Promise<void> {
  const place = hubPlace(paths);
  if (findInit(place) !== null) return;
  const network = labNetwork(state.subnet);
  await mkdir(join(place, 'redis'), { recursive: true });
  const script = join(import.meta.dirname, 'hub-init.sh');
  const argv = ['sh', script, place, `${network.hub}/24`];
  const hub = await startInit(argv, { place, log: join(place, 'hub.log') });
  await linkMachine(network, hub);
  await startRedis(paths, state);
  await startRepository(paths, state, hub);
}

/** Starts the hub's Redis, for instance after `stopRedis`; its data is still there. */
export async function startRedis(paths: LabPaths, state: LabState): Promise<void> {
  const { hub } = labNetwork(state.subnet);
  const folder = join(hubPlace(paths), 'redis');
  const settings = {
    bind: hub,
    port: `${REDIS_PORT}`,
    requirepass: state.password,
    dir: folder,
    logfile: join(folder, 'redis.log'),
    pidfile: '""',
    daemonize: 'yes',
    appendonly: 'yes',
    appendfsync: 'always',
    save: '""',
    'maxmemory-policy': 'noeviction',
  };
  const lines = Object.entries(settings).map(([setting, value]) => `${setting} ${value}\n`);
  const file = join(folder, 'redis.conf');
  await writeFile(file, lines.join(''), { mode: 0o600 });
  await inHub(paths, ['redis-server', file]);
  await inHub(paths, ['sh', '-c', `until redis-cli -h ${hub} ping >/dev/null 2>&1; do sleep 0.05; done`]);
}

/** Ends the hub's Redis in good order. */
export async function stopRedis(paths: LabPaths, state: LabState): Promise<void> {
  await redisClient(paths, state, ['shutdown']);
  const { hub } = labNetwork(state.subnet);
  await inHub(paths, ['sh', '-c', `while redis-cli -h ${hub} ping >/dev/null 2>&1; do sleep 0.05; done`]);
}

/** Asks the lab's Redis with redis-cli and returns what it prints. */
export async function redisClient(paths: LabPaths, state: LabState, argv: readonly string[]): Promise<string> {
  const { hub } = labNetwork(state.subnet);
  return await inHub(paths, ['env', `REDISCLI_AUTH=${state.password}`, 'redis-cli', '-h', hub, ...argv]);
}

/** Decides which packages the hosts can see from their next `apt-get update` on. */
export async function publish(paths: LabPaths, state: LabState, stage: Stage): Promise<void> {
  const dists = join(hubPlace(paths), 'repository', 'dists');
  const partial = `${dists}.partial`;
  await symlink(join(state.repository, 'stages', stage, 'dists'), partial);
  await rename(partial, dists);
}

async function startRepository(paths: LabPaths, state: LabState, hub: number): Promise<void> {
  const place = hubPlace(paths);
  const root = join(place, 'repository');
  await mkdir(root, { recursive: true });
  await linkIfMissing(join(state.repository, 'pool'), join(root, 'pool'));
  await linkIfMissing(join(state.repository, 'stages', 'base', 'dists'), join(root, 'dists'));
  const server = join(CHECKOUT, 'lab/repository/serve.ts');
  const { hub: address } = labNetwork(state.subnet);
  const log = join(place, 'repository.log');
  await run(enterArgv(hub, ['sh', '-c', SERVE, process.execPath, server, root, address, log]));
}

async function inHub(paths: LabPaths, argv: readonly string[]): Promise<string> {
  const hub = findInit(hubPlace(paths));
  if (hub === null) throw new RejectedError('COMMAND_FAILED', `lab ${paths.name} does not run`, { hint: UP });
  return await run(enterArgv(hub, argv));
}

async function linkIfMissing(target: string, path: string): Promise<void> {
  const present = await readlink(path).catch(() => null);
  if (present === null) await symlink(target, path);
}
