import { appendFile, open, type FileHandle } from 'node:fs/promises';
import { wasKilled } from '../apt/was-killed.ts';
import { CommandError } from '../core/errors.ts';
import type { Argv, CommandOutput, Step } from '../core/step.ts';
import { runToFiles } from '../host/run-to-files.ts';
import type { JobFolder } from './job-folder.ts';
import type { PhaseGate } from './phase-gate.ts';

export type ChangeOptions = {
  readonly folder: JobFolder;
  readonly gate: PhaseGate;
  readonly searchPath?: string | undefined;
};

/** Marks the programs of a job in their environment, for `findProcesses` after a crash of the executor. */
export const JOB_VARIABLE = 'CELEROOT_JOB';

const TAIL_BYTES = 64 * 1024;

/**
 * Runs a program that changes the host to its end; its output goes to the job's files. Only a download is broken off
 * when the job is to stop: there SIGTERM leaves apt and dpkg clean, while in a commit every signal but SIGINT and
 * SIGHUP breaks packages.
 * @throws ProgramKilled when something else ended it by a signal.
 */
export async function changeHost(step: Step & { kind: 'change' }, options: ChangeOptions): Promise<CommandOutput> {
  const { files, job } = options.folder;
  await appendFile(files.output, `$ ${step.argv.join(' ')}\n`, { mode: 0o600 });
  await using output = await open(files.output, 'r');
  const { size: start } = await output.stat();
  using stopped = step.phase === 'downloading' ? options.gate.whenToStop() : null;
  const end = await runToFiles(step.argv, {
    outputFile: files.output,
    statusFile: files.status,
    env: { [JOB_VARIABLE]: job },
    searchPath: options.searchPath,
    ...(stopped === null ? {} : { terminate: stopped.signal }),
  });
  if (end.exitCode !== 0) stopped?.signal.throwIfAborted();
  const result = { ...end, stdout: await readTail(output, start), stderr: '' };
  if (wasKilled(result)) throw new ProgramKilled(step.argv);
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
