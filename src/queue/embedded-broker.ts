import { chown, readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { embeddedFiles, type EmbeddedFiles } from '../core/embedded-files.ts';
import { CommandError } from '../core/errors.ts';
import type { Argv } from '../core/step.ts';
import { writeDurably } from '../host/durable-file.ts';
import { hasProgram } from '../host/find-program.ts';
import { lastLine } from '../host/last-line.ts';
import { makeFolder } from '../host/make-folder.ts';
import { identifyProcess } from '../host/process-id.ts';
import { runCommand } from '../host/run-command.ts';
import { sizeOf } from '../host/size-of.ts';
import {
  isRunning,
  readDetached,
  startDetached,
  stopDetached,
  type Detached,
  type DetachedProgram,
} from '../host/start-detached.ts';
import { prepareListening, type ListenOptions, type Login } from './embedded-listening.ts';
import {
  embeddedRedisArguments,
  findRedisUser,
  listeningArguments,
  whyNotListening,
  type RedisUser,
} from './embedded-redis.ts';
import { openFailFastLink } from './fail-fast-link.ts';
import { noteListening, requireSameListening } from './started-listening.ts';

export type EmbeddedOptions = {
  /**
   * Redis' data and socket, 0700 and owned by the user it runs as. Beside it, out of that user's reach, is the rest of
   * `embeddedFiles`.
   */
  readonly folder: string;
  /** Of the systemd unit, where systemd runs. */
  readonly name?: string;
  /** Null: nobody but this machine reaches it. */
  readonly listen?: ListenOptions | null;
};

/**
 * Starts a redis-server for this machine, or finds it running; returns whether it had to be started. It outlives us,
 * and what it was given survives a kill or a power cut. Two starts at a time end with one Redis.
 * @throws CommandError MISSING_PROGRAM, or COMMAND_FAILED with the last line of its log; RejectedError BROKER_RUNS when
 * it runs and listens elsewhere; ConnectionError BROKER_UNFIT when it is too old to listen.
 */
export async function startEmbeddedBroker(options: EmbeddedOptions): Promise<boolean> {
  const { folder, name = 'celeroot-broker', listen = null } = options;
  const files = embeddedFiles(folder);
  if (await embeddedBrokerRuns(options)) {
    await requireSameListening(files, listen);
    return false;
  }
  await requireRedisServer();
  const user = await prepareFolder(folder);
  const login = listen === null ? NOBODY : await prepareListening({ files, listen, owner: user });
  await noteListening(files, listen);
  const { started, pid } = await startUntilItAnswers(
    { files, listen, login },
    {
      name,
      argv: argvFor(files, { user, listen }),
      logFile: files.log,
      properties: ['Restart=on-failure', 'OOMScoreAdjust=-500', 'LimitNOFILE=65535', 'TimeoutStopSec=60'],
    },
  );
  // Of two starters one holds the lock, and one killed before it wrote a record has left its Redis to us: what is on
  // record is the Redis that answers, whoever started it.
  const record = started.kind === 'unit' ? started : { kind: 'process', process: identifyProcess(pid) };
  await writeDurably(files.record, `${JSON.stringify(record)}\n`);
  return started.kind === 'unit' || started.process.pid === pid;
}

/** Lets it write what it has and end; returns whether it ran. */
export async function stopEmbeddedBroker({ folder }: Pick<EmbeddedOptions, 'folder'>): Promise<boolean> {
  const record = await readDetached(embeddedFiles(folder).record);
  const ran = record !== null && (await isRunning(record));
  if (ran && !(await stopDetached(record, { timeoutMs: 60_000, force: true }))) {
    throw new CommandError('COMMAND_FAILED', `the embedded Redis in ${folder} does not end`, {
      hint: `see its log: tail ${folder}.log`,
    });
  }
  await rm(embeddedFiles(folder).record, { force: true });
  return ran;
}

export async function embeddedBrokerRuns({ folder }: Pick<EmbeddedOptions, 'folder'>): Promise<boolean> {
  const record = await readDetached(embeddedFiles(folder).record);
  return record !== null && (await isRunning(record));
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
function argvFor(
  { folder, lock }: EmbeddedFiles,
  { user, listen }: { readonly user: RedisUser | null; readonly listen: ListenOptions | null },
): Argv {
  const become =
    user === null ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--no-new-privs'];
  return [
    'flock',
    '--no-fork',
    '--nonblock',
    lock,
    'env',
    `--chdir=${folder}`,
    ...become,
    'redis-server',
    ...embeddedRedisArguments(),
    ...(listen === null ? [] : listeningArguments(listen.node)),
  ];
}

type Answered = { readonly started: Detached; readonly pid: number };

/** A Redis that is being started, and how to ask it. */
type Starting = { readonly files: EmbeddedFiles; readonly listen: ListenOptions | null; readonly login: Login };

/** A killed Redis may have left a child that still writes and holds the lock. */
const LOCK_WAIT_MS = 10_000;

async function startUntilItAnswers(starting: Starting, program: DetachedProgram): Promise<Answered> {
  const end = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const logged = await sizeOf(program.logFile);
    const started = await startDetached(program);
    const pid = await waitUntilItAnswers(starting, started);
    if (pid !== null) return { started, pid };
    // Without the lock it ends without a word, and what the log has then is said by whoever holds it; whatever else is
    // wrong is in the log, and the lock free again.
    const said = (await sizeOf(program.logFile)) > logged && !(await isHeld(starting.files.lock));
    if (said || performance.now() > end) throw await notStarted(starting, said ? logged : null);
    await sleep(200);
  }
}

/** Whether a Redis has the lock. Another that starts while we look tries again. */
async function isHeld(lock: string): Promise<boolean> {
  return (await runCommand(['flock', '--nonblock', lock, 'true'])).exitCode === 1;
}

/** `logged` is where in its log that begins which it said; null when it said nothing. */
async function notStarted({ files, listen }: Starting, logged: number | null): Promise<CommandError> {
  const { folder, log, lock } = files;
  const said = logged === null ? '' : (await readFile(log)).subarray(logged).toString('utf8');
  const known = listen === null ? null : whyNotListening(said, listen.node);
  const why = known?.why ?? (logged === null ? `another process holds ${lock}` : await lastLine(log));
  return new CommandError('COMMAND_FAILED', `the embedded Redis in ${folder} did not start: ${why}`, {
    hint: known?.hint ?? `see its log: tail ${log}`,
  });
}

/** The process id of the Redis that answers, once it has read its data, however long that takes; null when it ended. */
async function waitUntilItAnswers(starting: Starting, started: Detached): Promise<number | null> {
  for (;;) {
    const pid = await askProcessId(starting);
    const isOver = !(await isRunning(started));
    // Another's Redis is an answer only once our start is over, or that would begin when the other one is stopped.
    if (pid !== null && (isOver || started.kind === 'unit' || started.process.pid === pid)) return pid;
    if (isOver) return null;
    await sleep(20);
  }
}

async function askProcessId({ files, login }: Starting): Promise<number | null> {
  try {
    await using link = await openFailFastLink(settingsOf(files, login));
    const info = await link.ask((client) => client.info('server'));
    return Number(/^process_id:(\d+)/m.exec(info)?.[1]);
  } catch {
    return null;
  }
}

const NOBODY: Login = { user: null, password: null };

function settingsOf({ socket }: EmbeddedFiles, login: Login): BrokerSettings {
  return {
    endpoint: { kind: 'socket', path: socket },
    tls: null,
    database: 0,
    ...login,
    embedded: true,
    listen: null,
    environment: null,
  };
}
