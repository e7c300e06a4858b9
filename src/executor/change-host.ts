import { appendFile, open, type FileHandle } from 'node:fs/promises';
import { wasKilled } from '../apt/was-killed.ts';
import { CommandError } from '../core/errors.ts';
import type { Argv, CommandOutput, Phase, Step } from '../core/step.ts';
import { runToFiles } from '../host/run-to-files.ts';
import type { JobFolder } from './job-folder.ts';
import { JOB_VARIABLE } from './job-processes.ts';
import { outOfTime, type ScriptLimit } from './limit-scripts.ts';
import type { PhaseGate } from './phase-gate.ts';

export type ChangeOptions = {
  readonly folder: JobFolder;
  readonly gate: PhaseGate;
  readonly scripts: ScriptLimit;
  readonly searchPath?: string | undefined;
};

const TAIL_BYTES = 64 * 1024;

/** Where SIGTERM leaves apt and dpkg clean; elsewhere every signal but SIGINT and SIGHUP breaks packages. */
const BREAKABLE: readonly Phase[] = ['refreshing', 'downloading'];

/** Where a program that is killed has failed: apt mends what it left when it is started again, a hook may not. */
const FAILS_WHEN_KILLED: readonly Phase[] = ['running-hook'];

/**
 * Runs a program that changes the host to its end; its output goes to the job's files. Only fetching is broken off
 * when the job is to stop.
 * @throws ProgramKilled when something else ended it by a signal, but for a hook; OUT_OF_TIME when it failed because
 * limit-scripts.ts stopped a script of a package.
 */
export async function changeHost(step: Step & { kind: 'change' }, options: ChangeOptions): Promise<CommandOutput> {
  const { files, job } = options.folder;
  await appendFile(files.output, `$ ${step.argv.join(' ')}\n`, { mode: 0o600 });
  await using output = await open(files.output, 'r');
  const { size: start } = await output.stat();
  using stopped = BREAKABLE.includes(step.phase) ? options.gate.whenToStop() : null;
  const end = await runToFiles(step.argv, {
    outputFile: files.output,
    statusFile: files.status,
    env: { [JOB_VARIABLE]: job },
    searchPath: options.searchPath,
    ...(stopped === null ? {} : { terminate: stopped.signal }),
  });
  if (end.exitCode !== 0) stopped?.signal.throwIfAborted();
  const result = { ...end, stdout: await readTail(output, start), stderr: '' };
  if (!FAILS_WHEN_KILLED.includes(step.phase) && wasKilled(result)) throw new ProgramKilled(step.argv);
  const scripts = options.scripts.stopped();
  if (end.exitCode !== 0 && scripts.length > 0) throw outOfTime(scripts);
  return result;
}

/** A program was killed in the middle: the job is as interrupted as when the executor itself is. */
export class ProgramKilled extends CommandError {
  constructor([program]: Argv) {
    super('COMMAND_FAILED', `${program} was killed in the middle of its work`);
  }
}

/** What was written from `start` on, of a long text the end. */
async function readTail(file: FileHandle, start: number): Promise<string> {
  const { size } = await file.stat();
  const from = Math.max(start, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
  return buffer.toString('utf8', 0, bytesRead);
}
