import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetConfig } from '../config/fleet-config.ts';
import { CommandError } from '../core/errors.ts';
import type { HostName } from '../core/names.ts';
import { lastLine } from '../host/last-line.ts';
import { isRunning, readDetached, startDetached, stopDetached, type Detached } from '../host/start-detached.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { hearPresences } from './hear-hosts.ts';

/** The worker that `celeroot up` keeps on this machine. */
export type LocalWorker = {
  readonly host: HostName;
  /** The configuration it reads; absolute. */
  readonly configFile: string;
  readonly stateDir: string;
  /** Program and first arguments that start this celeroot again. */
  readonly self: readonly [string, ...string[]];
};

/** Where the local worker writes what it does. */
export function localWorkerLog(stateDir: string): string {
  return join(stateDir, 'worker.log');
}

/** Starts the worker unless it runs; returns whether it had to be started. It outlives us. */
export async function startLocalWorker({ host, configFile, stateDir, self }: LocalWorker): Promise<boolean> {
  const running = await readDetached(recordOf(stateDir));
  if (running !== null && (await isRunning(running))) return false;
  await startDetached({
    // Not the name of the installed unit: a machine may be a host of another fleet too.
    name: 'celeroot-local-worker',
    argv: [...self, 'worker', configFile, '--host', host],
    logFile: localWorkerLog(stateDir),
    recordFile: recordOf(stateDir),
    env: { CELEROOT_STATE_DIR: stateDir },
    properties: ['KillMode=mixed', 'TimeoutStopSec=60', 'Restart=on-failure', 'RestartSec=2'],
  });
  return true;
}

const APPEARS_WITHIN_MS = 30_000;

/**
 * Waits until the worker has said that it is there.
 * @throws CommandError with the last line of its log when it ends or says nothing for half a minute.
 */
export async function awaitLocalWorker(
  broker: ControllerBroker,
  { host, stateDir }: LocalWorker,
  { fleet, hosts }: FleetConfig,
): Promise<void> {
  const audience = { fleet, hosts: [...hosts.values()].filter((each) => each.name === host) };
  const isOnline = async (): Promise<boolean> =>
    (await hearPresences(broker, audience, Date)).get(host)?.online === true;
  const record = await readDetached(recordOf(stateDir));
  const end = performance.now() + APPEARS_WITHIN_MS;
  while (!(await isOnline())) {
    const runs = record !== null && (await isRunning(record));
    if (!runs || performance.now() > end) throw await noWorker(stateDir, runs);
    await sleep(50);
  }
}

/** Stops the worker in good order; returns whether one ran. What its executors do goes on. */
export async function stopLocalWorker(stateDir: string): Promise<boolean> {
  const running: Detached | null = await readDetached(recordOf(stateDir));
  if (running === null || !(await isRunning(running))) return false;
  if (await stopDetached(running, { timeoutMs: 60_000, force: true })) return true;
  throw new CommandError('COMMAND_FAILED', 'the worker of this machine does not end', {
    hint: `see its log: tail ${localWorkerLog(stateDir)}`,
  });
}

function recordOf(stateDir: string): string {
  return join(stateDir, 'worker.json');
}

async function noWorker(stateDir: string, runs: boolean): Promise<CommandError> {
  const log = localWorkerLog(stateDir);
  const said = (await lastLine(log)) || 'its log is empty';
  const what = runs ? 'has not reported to Redis for half a minute' : 'ended at once';
  return new CommandError('COMMAND_FAILED', `the worker of this machine ${what}: ${said}`, {
    hint: `see its log: tail ${log}`,
  });
}
