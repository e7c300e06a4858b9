import { readdir, readFile } from 'node:fs/promises';
import { BugError } from '../core/errors.ts';
import type { ReportSink } from '../core/report.ts';
import type { Step, StepResult } from '../core/step.ts';
import { hasCode } from '../core/system-error.ts';
import { transactionHash } from '../core/transaction.ts';
import { runCommand } from '../host/run-command.ts';
import type { StepPerformer } from './perform-work.ts';

export type InlineOptions = {
  /** Where phases and plans go. */
  readonly sink: ReportSink;
  readonly signal: AbortSignal;
  /** Instead of the fixed one; for tests. */
  readonly searchPath?: string | undefined;
};

/**
 * Performs work that only looks, in our own process. Whatever would change the host, or needs a job folder, is a
 * BugError: this is what makes a dry run and a read-only task safe by construction.
 */
export function inlinePerformer({ sink, signal, searchPath }: InlineOptions): StepPerformer {
  return async (step: Step): Promise<StepResult> => {
    signal.throwIfAborted();
    switch (step.kind) {
      case 'run':
        return { kind: 'run', ...(await runCommand(step.argv, { timeoutMs: step.timeoutMs, signal, searchPath })) };
      case 'read':
        return { kind: 'read', text: await nullIfMissing(readFile(step.path, 'utf8')) };
      case 'list':
        return { kind: 'list', names: (await nullIfMissing(readdir(step.path)))?.toSorted() ?? [] };
      case 'phase':
        await sink({ kind: 'phase', phase: step.phase });
        return { kind: 'phase' };
      case 'plan':
        await sink({ kind: 'plan', transaction: step.transaction, hash: transactionHash(step.transaction) });
        return { kind: 'plan' };
      case 'change':
      case 'scratch':
      case 'remember':
      case 'await-package-locks':
        throw new BugError(`a ${step.kind} step in work that may only look`);
    }
  };
}

async function nullIfMissing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
}
