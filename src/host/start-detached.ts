import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { BugError, CommandError } from '../core/errors.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import type { Argv } from '../core/step.ts';
import { writeDurably } from './durable-file.ts';
import { currentBootId, identifyProcess, isAlive, processIdentitySchema } from './process-id.ts';
import { programEnvironment } from './program-environment.ts';
import { runCommand, startFailure } from './run-command.ts';

export type DetachedProgram = {
  /** Name of the unit without `.service`: letters, digits, `-`, `_`, `.` and `@`. */
  readonly name: string;
  /** The program is looked up on the fixed PATH. */
  readonly argv: Argv;
  /** Where stdout and stderr are appended. */
  readonly logFile: string;
  /** Where to write down what was started, for `readDetached` in another process. */
  readonly recordFile?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Further properties of the unit, e.g. `KillMode=mixed`; without systemd they mean nothing. */
  readonly properties?: readonly string[];
};

/** What was started: plain data that another process can stop it by. */
export const detachedSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unit'), unit: z.string().max(256) }),
  z.strictObject({ kind: z.literal('process'), process: processIdentitySchema }),
]);
export type Detached = Readonly<z.infer<typeof detachedSchema>>;

const FIRST_POLL_MS = 20;
const LAST_POLL_MS = 500;

/** Whether systemd is the init here, sd_booted(3). */
export function systemdRuns(): boolean {
  return existsSync('/run/systemd/system');
}

/**
 * Starts a program that outlives us and everything that can happen to us: in a unit of its own where systemd runs, so
 * that stopping our unit does not kill it, and in a session of its own elsewhere. Where a unit of that name runs
 * already, that one is meant and nothing is started.
 * @throws CommandError when it cannot be started.
 */
export async function startDetached(program: DetachedProgram): Promise<Detached> {
  if (!/^[A-Za-z0-9_.@-]{1,200}$/.test(program.name)) throw new BugError(`not a unit name: ${program.name}`);
  await mkdir(dirname(program.logFile), { recursive: true });
  const detached = systemdRuns() ? await startUnit(program) : await startSession(program);
  if (program.recordFile !== undefined) await writeDurably(program.recordFile, `${JSON.stringify(detached)}\n`);
  return detached;
}

/** What a record file names; null when there is none. The program may long be gone: see `isRunning`. */
export async function readDetached(recordFile: string): Promise<Detached | null> {
  if (!existsSync(recordFile)) return null;
  return parseJsonAs(detachedSchema, await readFile(recordFile, 'utf8'));
}

export async function isRunning(detached: Detached): Promise<boolean> {
  if (detached.kind === 'process') return isAlive(detached.process);
  const { stdout } = await runCommand(['systemctl', 'show', '--property=ActiveState', '--value', detached.unit]);
  return ['active', 'activating', 'deactivating', 'reloading'].includes(stdout.trim());
}

export type StopOptions = {
  /** How long to wait for it to end by itself. */
  readonly timeoutMs: number;
  /** Whether to kill it after that. */
  readonly force: boolean;
};

/**
 * Asks it to end (SIGTERM, or the unit's own KillSignal) and waits. Returns whether it is gone; a process that merely
 * has its number is left alone.
 */
export async function stopDetached(detached: Detached, options: StopOptions): Promise<boolean> {
  await ask(detached, 'SIGTERM');
  if (await goneWithin(detached, options.timeoutMs)) return true;
  if (!options.force) return false;
  await ask(detached, 'SIGKILL');
  return await goneWithin(detached, 5000);
}

async function startUnit(program: DetachedProgram): Promise<Detached> {
  const unit = `${program.name}.service`;
  const settings = [
    'Type=exec',
    'StandardInput=null',
    `StandardOutput=append:${program.logFile}`,
    `StandardError=append:${program.logFile}`,
    ...(program.properties ?? []),
  ].map((property) => `--property=${property}`);
  const env = Object.entries(programEnvironment(program.env)).map(([name, value]) => `--setenv=${name}=${value}`);
  const argv: Argv = [
    'systemd-run',
    '--quiet',
    '--collect',
    `--unit=${unit}`,
    ...settings,
    ...env,
    '--',
    // systemd replaces $NAME in arguments by the environment's; $$ is a plain one (systemd.service(5)).
    ...program.argv.map((argument) => argument.replaceAll('$', '$$$$')),
  ];
  const { exitCode, stderr } = await runCommand(argv);
  const detached = { kind: 'unit', unit } as const;
  if (exitCode === 0 || (await isRunning(detached))) return detached;
  throw new CommandError('COMMAND_FAILED', `systemd did not start ${unit}: ${stderr.trim() || `status ${exitCode}`}`, {
    hint: `see: journalctl -u ${unit}`,
  });
}

async function startSession(program: DetachedProgram): Promise<Detached> {
  const [file, ...args] = program.argv;
  await using log = await open(program.logFile, 'a', 0o600);
  const child = spawn(file, args, {
    cwd: '/',
    env: programEnvironment(program.env),
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(startFailure(program.argv, error)));
  });
  child.unref();
  const pid = child.pid ?? 0;
  // One that has ended already has no start time any more; 0 is nobody's.
  return { kind: 'process', process: identifyProcess(pid) ?? { bootId: currentBootId(), pid, startTime: '0' } };
}

async function ask(detached: Detached, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (detached.kind === 'process') {
    if (isAlive(detached.process)) process.kill(detached.process.pid, signal);
    return;
  }
  const argv: Argv =
    signal === 'SIGTERM'
      ? ['systemctl', 'stop', '--no-block', detached.unit]
      : ['systemctl', 'kill', '--signal=SIGKILL', detached.unit];
  await runCommand(argv);
}

async function goneWithin(detached: Detached, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (let waitMs = FIRST_POLL_MS; await isRunning(detached); waitMs = Math.min(waitMs * 1.5, LAST_POLL_MS)) {
    if (performance.now() > end) return false;
    await sleep(waitMs);
  }
  return true;
}
