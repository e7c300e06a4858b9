import { chown, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { CommandError } from '../core/errors.ts';
import type { Argv } from '../core/step.ts';
import { writeDurably } from '../host/durable-file.ts';
import { hasProgram } from '../host/find-program.ts';
import { lastLine } from '../host/last-line.ts';
import { makeFolder } from '../host/make-folder.ts';
import { identifyProcess } from '../host/process-id.ts';
import { sizeOf } from '../host/size-of.ts';
import {
  isRunning,
  readDetached,
  startDetached,
  stopDetached,
  type Detached,
  type DetachedProgram,
} from '../host/start-detached.ts';
import { openFailFastLink } from './fail-fast-link.ts';
import { embeddedRedisArguments, findRedisUser, type RedisUser } from './embedded-redis.ts';

export type EmbeddedOptions = {
  /**
   * Redis' data and socket, 0700 and owned by the user it runs as. Beside it, out of that user's reach, are its
   * `.log`, the `.json` record of what was started and the `.lock` it holds.
   */
  readonly folder: string;
  /** Of the systemd unit, where systemd runs. */
  readonly name?: string;
};

/** The folder of this machine's embedded Redis, in the state folder. */
export function embeddedFolder(stateDir: string): string {
  return join(stateDir, 'broker');
}

/** Where the embedded Redis listens, and nowhere else. */
export function embeddedSocket(folder: string): string {
  return join(folder, 'redis.sock');
}

/**
 * Starts a redis-server for this machine, or finds it running; returns whether it had to be started. It outlives us,
 * and what it was given survives a kill or a power cut. Two starts at a time end with one Redis.
 * @throws CommandError MISSING_PROGRAM, or COMMAND_FAILED with the last line of its log.
 */
export async function startEmbeddedBroker({ folder, name = 'celeroot-broker' }: EmbeddedOptions): Promise<boolean> {
  if (await embeddedBrokerRuns({ folder })) return false;
  await requireRedisServer();
  const user = await prepareFolder(folder);
  const { started, pid } = await startUntilItAnswers(folder, {
    name,
    argv: argvFor(folder, user),
    logFile: `${folder}.log`,
    properties: ['Restart=on-failure', 'OOMScoreAdjust=-500', 'LimitNOFILE=65535', 'TimeoutStopSec=60'],
  });
  // Of two starters one holds the lock, and one killed before it wrote a record has left its Redis to us: what is on
  // record is the Redis that answers, whoever started it.
  const record = started.kind === 'unit' ? started : { kind: 'process', process: identifyProcess(pid) };
  await writeDurably(recordOf(folder), `${JSON.stringify(record)}\n`);
  return started.kind === 'unit' || started.process.pid === pid;
}

/** Lets it write what it has and end; returns whether it ran. */
export async function stopEmbeddedBroker({ folder }: Pick<EmbeddedOptions, 'folder'>): Promise<boolean> {
  const record = await readDetached(recordOf(folder));
  const ran = record !== null && (await isRunning(record));
  if (ran && !(await stopDetached(record, { timeoutMs: 60_000, force: true }))) {
    throw new CommandError('COMMAND_FAILED', `the embedded Redis in ${folder} does not end`, {
      hint: `see its log: tail ${folder}.log`,
    });
  }
  await rm(recordOf(folder), { force: true });
  return ran;
}

export async function embeddedBrokerRuns({ folder }: Pick<EmbeddedOptions, 'folder'>): Promise<boolean> {
  const record = await readDetached(recordOf(folder));
  return record !== null && (await isRunning(record));
}

function recordOf(folder: string): string {
  return `${folder}.json`;
}

async function requireRedisServer(): Promise<void> {
  if (await hasProgram('redis-server')) return;
  throw new CommandError('MISSING_PROGRAM', 'the program redis-server is not installed', {
    hint: 'apt-get install --no-install-recommends redis-server',
  });
}

/** Null when it runs as ourselves. An existing folder keeps its owner, whose files are in it. */
async function prepareFolder(folder: string): Promise<RedisUser | null> {
  await makeFolder(folder);
  if (process.getuid?.() !== 0) return null;
  const { uid, gid } = await stat(folder);
  if (uid !== 0) return { uid, gid };
  const user = findRedisUser(await readFile('/etc/passwd', 'utf8'));
  await chown(folder, user.uid, user.gid);
  return user;
}

/**
 * The lock is the server's own for as long as it lives, so no second one can append to the same file. It changes into
 * its folder before it gives up root, because the folders above may be closed to others.
 */
function argvFor(folder: string, user: RedisUser | null): Argv {
  const become =
    user === null ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--no-new-privs'];
  return [
    'flock',
    '--no-fork',
    '--nonblock',
    `${folder}.lock`,
    'env',
    `--chdir=${folder}`,
    ...become,
    'redis-server',
    ...embeddedRedisArguments(),
  ];
}

type Answered = { readonly started: Detached; readonly pid: number };

/** A killed Redis may have left a child that still writes and holds the lock. */
const LOCK_WAIT_MS = 10_000;

async function startUntilItAnswers(folder: string, program: DetachedProgram): Promise<Answered> {
  const end = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const logged = await sizeOf(program.logFile);
    const started = await startDetached(program);
    const pid = await waitUntilItAnswers(folder, started);
    if (pid !== null) return { started, pid };
    // Without the lock it ends without a word; whatever else is wrong is in the log.
    const said = (await sizeOf(program.logFile)) > logged;
    if (said || performance.now() > end) {
      const why = said ? await lastLine(program.logFile) : `another process holds ${folder}.lock`;
      throw new CommandError('COMMAND_FAILED', `the embedded Redis in ${folder} did not start: ${why}`, {
        hint: `see its log: tail ${program.logFile}`,
      });
    }
    await sleep(200);
  }
}

/** The process id of the Redis that answers, once it has read its data, however long that takes; null when it ended. */
async function waitUntilItAnswers(folder: string, started: Detached): Promise<number | null> {
  for (;;) {
    const pid = await askProcessId(folder);
    if (pid !== null) return pid;
    if (!(await isRunning(started))) return null;
    await sleep(20);
  }
}

async function askProcessId(folder: string): Promise<number | null> {
  try {
    await using link = await openFailFastLink(settingsOf(folder));
    const info = await link.ask((client) => client.info('server'));
    return Number(/^process_id:(\d+)/m.exec(info)?.[1]);
  } catch {
    return null;
  }
}

function settingsOf(folder: string): BrokerSettings {
  return {
    endpoint: { kind: 'socket', path: embeddedSocket(folder) },
    tls: null,
    database: 0,
    user: null,
    password: null,
    embedded: true,
    environment: null,
  };
}
