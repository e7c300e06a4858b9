import { readdir } from 'node:fs/promises';
import { BugError } from '../core/errors.ts';
import type { KeyOffer } from '../core/key-offer.ts';
import type { ReportSink } from '../core/report.ts';
import {
  isJobStep,
  isWorkerStep,
  type AuditExcerpt,
  type ReachAnswer,
  type Step,
  type StepResult,
  type WorkerStep,
} from '../core/step.ts';
import { hasCode } from '../core/system-error.ts';
import { transactionHash } from '../core/transaction.ts';
import { outdatedServices } from '../host/outdated-services.ts';
import { readFileText } from '../host/read-file-text.ts';
import { runCommand } from '../host/run-command.ts';
import type { StepPerformer } from './perform-work.ts';
import { outputTeller } from './tell-output.ts';

export type InlineOptions = {
  /** Where phases and plans go. */
  readonly sink: ReportSink;
  readonly signal: AbortSignal;
  /** Reads the host's audit log; only the worker, which writes it, can. */
  readonly readAudit?: (from: number, maxBytes: number) => Promise<AuditExcerpt>;
  /** Replaces the host's key; only the worker, which signs with it, can. */
  readonly keys?: HostKeys;
  /** Instead of the fixed one; for tests. */
  readonly searchPath?: string | undefined;
};

export type HostKeys = {
  readonly offer: () => Promise<KeyOffer>;
  readonly take: (key: string) => Promise<boolean>;
};

/**
 * Performs work that only looks, in our own process. Whatever would change the host, or needs a job folder, is a
 * BugError: this is what makes a dry run and a read-only task safe by construction.
 */
export function inlinePerformer(options: InlineOptions): StepPerformer {
  const { sink, signal, searchPath } = options;
  const tell = teller(sink);
  return async (step: Step): Promise<StepResult> => {
    signal.throwIfAborted();
    if (isWorkerStep(step)) return await performForWorker(step, options);
    if (isJobStep(step)) throw new BugError(`a ${step.kind} step in work that may only look`);
    switch (step.kind) {
      case 'run':
        return { kind: 'run', ...(await runCommand(step.argv, { timeoutMs: step.timeoutMs, signal, searchPath })) };
      case 'read':
        return { kind: 'read', text: await nullIfMissing(readFileText(step.path)) };
      case 'list':
        return { kind: 'list', names: await namesIn(step.path) };
      case 'reach':
        return { kind: 'reach', answers: await reachAll(step) };
      case 'find-outdated':
        return { kind: 'find-outdated', services: outdatedServices() };
      case 'phase':
      case 'plan':
      case 'tell':
        await tell(step);
        return { kind: step.kind };
    }
  };
}

/** Performs the steps that say something. */
function teller(sink: ReportSink): (step: Step & { kind: 'phase' | 'plan' | 'tell' }) => Promise<void> {
  const tell = outputTeller(sink);
  return async (step) => {
    switch (step.kind) {
      case 'phase':
        return await sink({ kind: 'phase', phase: step.phase });
      case 'plan':
        return await sink({ kind: 'plan', transaction: step.transaction, hash: transactionHash(step.transaction) });
      case 'tell':
        return await tell(step.text);
    }
  };
}

async function performForWorker(
  step: WorkerStep,
  { readAudit = noAuditLog, keys = NO_KEYS }: InlineOptions,
): Promise<StepResult> {
  switch (step.kind) {
    case 'read-audit':
      return { kind: 'read-audit', excerpt: await readAudit(step.from, step.maxBytes) };
    case 'offer-key':
      return { kind: 'offer-key', offer: await keys.offer() };
    case 'take-key':
      return { kind: 'take-key', taken: await keys.take(step.key) };
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  return (await nullIfMissing(readdir(path)))?.toSorted() ?? [];
}

async function reachAll({ targets, timeoutMs }: Step & { kind: 'reach' }): Promise<readonly ReachAnswer[]> {
  // Loaded with the clients of HTTP and TLS, which an idle worker does without.
  const { reachSelf } = await import('../host/reach-self.ts');
  return await Promise.all(targets.map(async (target) => await reachSelf(target, timeoutMs)));
}

function noAuditLog(): never {
  throw new BugError('only a worker, which writes it, can read the audit log');
}

const NO_KEYS: HostKeys = { offer: noKey, take: noKey };

function noKey(): never {
  throw new BugError('only a worker, which signs with it, can replace the host’s key, and not in a dry run');
}

async function nullIfMissing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
}
