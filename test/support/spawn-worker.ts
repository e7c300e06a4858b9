import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { WorkerConfig } from '../../src/config/fleet-config.ts';
import type { Argv } from '../../src/core/step.ts';
import { type SpawnedService, spawnService } from './spawn-service.ts';
import { CELEROOT } from './worker.ts';

export type SpawnedWorker = SpawnedService;

export const argvSchema = z.tuple([z.string()], z.string());

/** Starts `celeroot worker FILE`, or a worker whose executors are started with `self`. */
export function spawnWorker(file: string, stateDir: string, self: Argv | null = null): SpawnedWorker {
  const main = join(import.meta.dirname, 'spawn-worker-main.ts');
  const argv =
    self === null ? [...CELEROOT, 'worker', file] : [process.execPath, main, file, stateDir, JSON.stringify(self)];
  return spawnService(argv, { CELEROOT_STATE_DIR: stateDir });
}

/** Writes the worker file of a host, for a broker that is reached by TCP. Returns its path. */
export async function writeWorkerFile(folder: string, config: WorkerConfig): Promise<string> {
  const { fleet, host, roots, broker, roles } = config;
  const { endpoint, environment } = broker;
  const url = endpoint.kind === 'tcp' ? `redis://${endpoint.node.host}:${endpoint.node.port}` : '';
  const rolesByName = Object.fromEntries(
    roles.map(({ name, queues, concurrency, tasks }) => [name, { queues, concurrency, tasks }]),
  );
  const file = join(folder, 'worker.yaml');
  // JSON is YAML.
  const content = { version: 1, fleet, host, roots, broker: { url, environment }, roles: rolesByName };
  await writeFile(file, JSON.stringify(content));
  return file;
}
