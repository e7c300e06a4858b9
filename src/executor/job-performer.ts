import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BugError, CommandError } from '../core/errors.ts';
import type { ReportSink } from '../core/report.ts';
import { isJobStep, type Step, type StepResult } from '../core/step.ts';
import { writeDurably } from '../host/durable-file.ts';
import { waitForPackageLocks, type LockHolder } from '../host/package-locks.ts';
import { changeHost } from './change-host.ts';
import { inlinePerformer } from './inline-performer.ts';
import type { JobFolder } from './job-folder.ts';
import type { ScriptLimit } from './limit-scripts.ts';
import type { StepPerformer } from './perform-work.ts';
import { JobStopped, type PhaseGate } from './phase-gate.ts';

export type JobPerformerOptions = {
  readonly folder: JobFolder;
  readonly dryRun: boolean;
  readonly sink: ReportSink;
  readonly gate: PhaseGate;
  readonly scripts: ScriptLimit;
  /** Whether the executor has been sent a signal to end. */
  readonly isToldToEnd: () => boolean;
  /** How long to wait for a foreign program that holds apt's locks. */
  readonly lockTimeoutMs: number;
  /** Instead of the fixed one; for tests. */
  readonly searchPath?: string | undefined;
  /** Instead of apt's and dpkg's; for tests. */
  readonly lockPaths?: readonly string[];
};

/** Performs a job's steps in the executor; a reason to stop takes effect as phase-gate.ts says. */
export function jobPerformer(options: JobPerformerOptions): StepPerformer {
  const { folder, gate } = options;
  const look = inlinePerformer({ ...options, signal: new AbortController().signal });
  return async (step: Step): Promise<StepResult> => {
    if (step.kind === 'phase') gate.enter(step.phase);
    if (!isJobStep(step)) return await look(step);
    switch (step.kind) {
      case 'change':
        forbidInDryRun(step, options);
        return { kind: 'change', ...(await changeHost(step, options)) };
      case 'scratch':
        return { kind: 'scratch', path: await store(folder.files.scratch, step) };
      case 'remember':
        return { kind: 'remember', content: await recallOrStore(folder.files.memory, step) };
      case 'await-package-locks':
        await awaitLocks(options);
        return { kind: 'await-package-locks' };
      case 'await-shutdown':
        await untilToldToEnd(options, step.timeoutMs);
        return { kind: 'await-shutdown' };
    }
  };
}

function forbidInDryRun({ argv }: Extract<Step, { kind: 'change' }>, { dryRun }: JobPerformerOptions): void {
  if (dryRun) throw new BugError(`a dry run would have run ${argv.join(' ')}`);
}

type NamedContent = { readonly name: string; readonly content: string };

async function store(parent: string, step: NamedContent): Promise<string> {
  const path = pathFor(parent, step);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await writeDurably(path, step.content);
  return path;
}

async function recallOrStore(parent: string, step: NamedContent): Promise<string> {
  const path = pathFor(parent, step);
  if (!existsSync(path)) await store(parent, step);
  return await readFile(path, 'utf8');
}

function pathFor(parent: string, { name }: NamedContent): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name)) throw new BugError(`not a name for a file of a job: ${name}`);
  return join(parent, name);
}

async function awaitLocks(options: JobPerformerOptions): Promise<void> {
  const { sink, gate, lockTimeoutMs: timeoutMs, lockPaths: paths } = options;
  const telling: Promise<void>[] = [];
  const onHolder = (holder: LockHolder): void => {
    telling.push(sink({ kind: 'waiting', for: 'lock', holder: nameOf(holder) }));
  };
  using stopped = gate.whenToStop();
  const still = await waitForPackageLocks({ timeoutMs, onHolder, signal: stopped.signal, paths });
  await Promise.all(telling);
  if (still === null) return;
  throw new CommandError('LOCK_HELD', `${nameOf(still)} has held ${still.path} for ${timeoutMs / 1000} s`, {
    hint: `see what it does, e.g. with: ps -fp ${still.pid}`,
  });
}

/** @throws JobStopped by a signal, which leaves the job for the next boot while the machine shuts down. */
async function untilToldToEnd({ isToldToEnd }: JobPerformerOptions, timeoutMs: number): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(SIGNAL_POLL_MS)) {
    if (isToldToEnd()) throw new JobStopped('signal', 'for the reboot');
  }
}

const SIGNAL_POLL_MS = 200;

function nameOf({ pid, command }: LockHolder): string {
  return `${command} (process ${pid})`;
}
