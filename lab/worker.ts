import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { CommandError } from '../src/core/errors.ts';
import { runOnHost } from './host.ts';
import { presenceSchema } from '../src/core/presence.ts';
import { signedSchema } from '../src/core/signed.ts';
import { redisClient } from './hub.ts';
import type { LabHost } from './lab-host.ts';

const SERVICE = 'celeroot-worker.service';
const PID_FILE = '/run/celeroot-worker.pid';
/** There while the worker that runs has been told to end. */
const ENDING_FILE = '/run/celeroot-worker.ending';
const LOG = '/var/log/celeroot-worker.log';

/**
 * `setsid` and no terminal: the worker outlives the command that started it. One that ends may take as long as its
 * jobs do, and lets no other begin before.
 */
const START = `
while test -e ${ENDING_FILE} && kill -0 "$(cat ${PID_FILE})" 2>/dev/null; do sleep 0.05; done
rm -f ${ENDING_FILE}
test -e ${PID_FILE} && kill -0 "$(cat ${PID_FILE})" 2>/dev/null && exit 0
setsid celeroot worker /etc/celeroot/worker.yaml >>${LOG} 2>&1 </dev/null &
echo $! >${PID_FILE}`;

const SIGNAL = (signal: string): string => `
test -e ${PID_FILE} || exit 0
pid=$(cat ${PID_FILE})
touch ${ENDING_FILE}
kill -s ${signal} "$pid" 2>/dev/null || true
while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
test "$(cat ${PID_FILE})" != "$pid" || rm -f ${PID_FILE} ${ENDING_FILE}`;

const KILL_SERVICE = `
systemctl kill --kill-who=main --signal=KILL ${SERVICE}
while systemctl --quiet is-active ${SERVICE}; do sleep 0.02; done`;

/** Starts the host's worker, if it does not run. It connects to Redis by itself, whenever that is there. */
export async function startWorker(host: LabHost): Promise<void> {
  await shell(host, host.state.systemd ? `systemctl start ${SERVICE}` : START);
}

/**
 * Waits until the workers have told Redis that they are there. `sinceMs` (1970): workers that started before it do not
 * count; one that was killed is in Redis for another minute.
 */
export async function awaitOnline(hosts: readonly LabHost[], sinceMs = 0): Promise<void> {
  for (const host of hosts) {
    for (let attempt = 0; (await onlineSince(host)) < sinceMs; attempt += 1) {
      if (attempt > 300) throw notOnline(host, await workerLog(host));
      await sleep(50);
    }
  }
}

const saidSchema = z.object({ said: presenceSchema });

/** -1 when Redis knows of no worker. */
async function onlineSince({ paths, state, name }: LabHost): Promise<number> {
  const stored = (await redisClient(paths, state, ['get', `{celeroot}:presence:${name}`])).trim();
  if (stored === '') return -1;
  const { text } = signedSchema.parse(JSON.parse(stored));
  const { said } = saidSchema.parse(JSON.parse(text));
  return said.leaving ? -1 : said.startedAt;
}

function notOnline(host: LabHost, log: string): CommandError {
  const tail = log.trim().split('\n').slice(-5).join('\n');
  return new CommandError('COMMAND_FAILED', `the worker of ${host.name} does not reach Redis:\n${tail}`);
}

/** Asks the worker to end and waits until it has finished what it is at. */
export async function stopWorker(host: LabHost): Promise<void> {
  await shell(host, host.state.systemd ? `systemctl stop ${SERVICE}` : SIGNAL('TERM'));
}

/** `kill -9` of the worker alone; what it started is left to itself. */
export async function killWorker(host: LabHost): Promise<void> {
  await shell(host, host.state.systemd ? KILL_SERVICE : SIGNAL('KILL'));
}

export async function workerRuns(host: LabHost): Promise<boolean> {
  const question = host.state.systemd
    ? `systemctl --quiet is-active ${SERVICE}`
    : `kill -0 "$(cat ${PID_FILE})" 2>/dev/null`;
  const ran = await runOnHost(host, ['sh', '-c', question]);
  return ran.code === 0;
}

/** What the worker has printed since the host is new, or the tail of it. */
export async function workerLog(host: LabHost): Promise<string> {
  const argv = host.state.systemd ? ['journalctl', '--quiet', '--output=cat', '--unit', SERVICE] : ['cat', LOG];
  return (await runOnHost(host, argv)).stdout;
}

async function shell(host: LabHost, script: string): Promise<void> {
  const ran = await runOnHost(host, ['sh', '-c', script]);
  if (ran.code !== 0) throw new CommandError('COMMAND_FAILED', `the worker of ${host.name}: ${ran.stderr.trim()}`);
}
