import type { RememberedJournal } from './chain-head.ts';
import { BugError } from './errors.ts';
import type { KeyOffer } from './key-offer.ts';
import type { Transaction } from './transaction.ts';

/**
 * The effects a task may ask for. A task is a generator: it yields steps and is resumed with their results, so that
 * what it does reads as a list, its tests need no host, and a dry run can be proven to change nothing: the performer
 * refuses every `change` step then.
 */
export type Step =
  /** Runs a program that changes nothing and returns what it printed. */
  | { readonly kind: 'run'; readonly argv: Argv; readonly timeoutMs: number }
  /** Runs a program that may change the host; its output goes to files of the job, its progress to the reports. */
  | { readonly kind: 'change'; readonly argv: Argv; readonly phase: Phase }
  /** The text of a file, unpacked where its name ends with `.gz`; null when there is none. */
  | { readonly kind: 'read'; readonly path: string }
  /** The names in a folder, sorted; empty when there is none. */
  | { readonly kind: 'list'; readonly path: string }
  /** Writes a file into the job's own folder and returns its path. */
  | { readonly kind: 'scratch'; readonly name: string; readonly content: string }
  /**
   * What the job has stored under `name`; when nothing is, stores `content` durably and returns it. A job taken up
   * again after a crash gets what it stored the first time.
   */
  | { readonly kind: 'remember'; readonly name: string; readonly content: string }
  /** Waits until no other program holds apt's or dpkg's locks; says who does. */
  | { readonly kind: 'await-package-locks' }
  /**
   * Waits for the machine to go down, which has been asked for, and with it this job's attempt; the next one is made
   * after the boot. Answered only when the machine stays up for `timeoutMs`.
   */
  | { readonly kind: 'await-shutdown'; readonly timeoutMs: number }
  /** Says which phase the job is in. Between phases a cancel or a deadline takes effect. */
  | { readonly kind: 'phase'; readonly phase: Phase }
  /** Publishes the plan. */
  | { readonly kind: 'plan'; readonly transaction: Transaction }
  /** Publishes text as output of the job. */
  | { readonly kind: 'tell'; readonly text: string }
  /** Asks this host's own ports and web servers, all at once; each has `timeoutMs` to answer. */
  | { readonly kind: 'reach'; readonly targets: readonly ReachTarget[]; readonly timeoutMs: number }
  /** Finds the services that still run programs or libraries which were replaced on the disk. */
  | { readonly kind: 'find-outdated' }
  | WorkerStep;

/** What only the worker can do, which writes the audit log and signs for the host. */
export type WorkerStep =
  /** The host's audit log from line `from` on, as far as `maxBytes` go. */
  | { readonly kind: 'read-audit'; readonly from: number; readonly maxBytes: number }
  /** Has the host offer a key of its own to come after the one it has; it goes on with that one. */
  | { readonly kind: 'offer-key' }
  /** Has the host sign with the key that it has offered, once it has nothing else in hand. */
  | { readonly kind: 'take-key'; readonly key: string };

export function isWorkerStep(step: Step): step is WorkerStep {
  return step.kind === 'read-audit' || step.kind === 'offer-key' || step.kind === 'take-key';
}

export type ReachTarget =
  | { readonly kind: 'port'; readonly port: number }
  /** Asked of the host itself, whatever name it has. */
  | { readonly kind: 'url'; readonly url: string };

/** `status` is that of HTTP. */
export type ReachAnswer =
  | { readonly ok: true; readonly status: number | null }
  | { readonly ok: false; readonly why: string };

/** What only the executor of a job can do, which has a folder for it: to change the host, and to get ready for that. */
const JOB_KINDS = [
  'change',
  'scratch',
  'remember',
  'await-package-locks',
  'await-shutdown',
] as const satisfies readonly Step['kind'][];
export type JobStep = Extract<Step, { readonly kind: (typeof JOB_KINDS)[number] }>;

export function isJobStep(step: Step): step is JobStep {
  return JOB_KINDS.some((kind) => kind === step.kind);
}

/** Program and arguments; never goes through a shell. The program is looked up on a fixed PATH. */
export type Argv = readonly [program: string, ...args: string[]];

export const PHASES = [
  'recovering',
  'planning',
  'refreshing',
  'downloading',
  'committing',
  'running-hook',
  'restarting',
  'rebooting',
  'verifying',
] as const;
export type Phase = (typeof PHASES)[number];

export type CommandOutput = {
  /** Null when a signal ended the program. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type StepResult =
  | ({ readonly kind: 'run' } & CommandOutput)
  | ({ readonly kind: 'change' } & CommandOutput)
  | { readonly kind: 'read'; readonly text: string | null }
  | { readonly kind: 'list'; readonly names: readonly string[] }
  | { readonly kind: 'scratch'; readonly path: string }
  | { readonly kind: 'remember'; readonly content: string }
  | { readonly kind: 'await-package-locks' }
  | { readonly kind: 'await-shutdown' }
  | { readonly kind: 'phase' }
  | { readonly kind: 'plan' }
  | { readonly kind: 'read-audit'; readonly excerpt: AuditExcerpt }
  | { readonly kind: 'tell' }
  /** In the order of the targets. */
  | { readonly kind: 'reach'; readonly answers: readonly ReachAnswer[] }
  /** Names of units, sorted. */
  | { readonly kind: 'find-outdated'; readonly services: readonly string[] }
  | { readonly kind: 'offer-key'; readonly offer: KeyOffer }
  /** Whether it was the key that was offered. */
  | { readonly kind: 'take-key'; readonly taken: boolean };

/** A part of a host's audit log, and what the host itself finds when it looks at all of it. */
export type AuditExcerpt = {
  /** The lines as they are, without their ends. */
  readonly lines: readonly string[];
  /** The number of the line that follows; null when there is none. */
  readonly next: number | null;
  /** How many lines there are, and the SHA-256 of the last. */
  readonly size: number;
  readonly head: string;
  /** What the first line of all names as the one before it. */
  readonly id: string | null;
  /** When the log was begun, milliseconds since 1970; null when the first line does not say. */
  readonly begunAt: number | null;
  /** The first place where it does not hold; null when it holds. */
  readonly broken: { readonly line: number; readonly what: string } | null;
  /** By job, when it was accepted and when it ended; null while it has not. */
  readonly jobs: ReadonlyMap<string, { readonly from: number; readonly to: number | null }>;
  readonly journals: readonly RememberedJournal[];
};

/** Work that yields steps and returns a `T`. */
export type Work<T> = Generator<Step, T, StepResult>;

const READ_TIMEOUT_MS = 120_000;

function wrong(asked: string, got: string): never {
  throw new BugError(`a ${asked} step was answered with ${got}`);
}

/** Runs a program that changes nothing. Output beyond 16 MiB is an error of the performer. */
export function* run(argv: Argv, timeoutMs: number = READ_TIMEOUT_MS): Work<CommandOutput> {
  const result = yield { kind: 'run', argv, timeoutMs };
  return result.kind === 'run' ? result : wrong('run', result.kind);
}

/**
 * Runs a program that may change the host. `stdout` of the result is the tail of its output, at most 64 KiB;
 * `stderr` is empty because both go to one file in the order they were written.
 */
export function* change(phase: Phase, argv: Argv): Work<CommandOutput> {
  const result = yield { kind: 'change', argv, phase };
  return result.kind === 'change' ? result : wrong('change', result.kind);
}

export function* readText(path: string): Work<string | null> {
  const result = yield { kind: 'read', path };
  return result.kind === 'read' ? result.text : wrong('read', result.kind);
}

export function* listNames(path: string): Work<readonly string[]> {
  const result = yield { kind: 'list', path };
  return result.kind === 'list' ? result.names : wrong('list', result.kind);
}

export function* writeScratch(name: string, content: string): Work<string> {
  const result = yield { kind: 'scratch', name, content };
  return result.kind === 'scratch' ? result.path : wrong('scratch', result.kind);
}

/** See `remember` in `Step`: what a job must know about the time before its first attempt. */
export function* remember(name: string, content: string): Work<string> {
  const result = yield { kind: 'remember', name, content };
  return result.kind === 'remember' ? result.content : wrong('remember', result.kind);
}

export function* awaitPackageLocks(): Work<void> {
  yield { kind: 'await-package-locks' };
}

export function* awaitShutdown(timeoutMs: number): Work<void> {
  yield { kind: 'await-shutdown', timeoutMs };
}

export function* enterPhase(phase: Phase): Work<void> {
  yield { kind: 'phase', phase };
}

export function* publishPlan(transaction: Transaction): Work<void> {
  yield { kind: 'plan', transaction };
}

export function* readAudit(from: number, maxBytes: number): Work<AuditExcerpt> {
  const result = yield { kind: 'read-audit', from, maxBytes };
  return result.kind === 'read-audit' ? result.excerpt : wrong('read-audit', result.kind);
}

export function* tellOutput(text: string): Work<void> {
  yield { kind: 'tell', text };
}

export function* offerKey(): Work<KeyOffer> {
  const result = yield { kind: 'offer-key' };
  return result.kind === 'offer-key' ? result.offer : wrong('offer-key', result.kind);
}

export function* takeKey(key: string): Work<boolean> {
  const result = yield { kind: 'take-key', key };
  return result.kind === 'take-key' ? result.taken : wrong('take-key', result.kind);
}

export function* reach(targets: readonly ReachTarget[], timeoutMs: number): Work<readonly ReachAnswer[]> {
  if (targets.length === 0) return [];
  const result = yield { kind: 'reach', targets, timeoutMs };
  return result.kind === 'reach' ? result.answers : wrong('reach', result.kind);
}

export function* outdatedServices(): Work<readonly string[]> {
  const result = yield { kind: 'find-outdated' };
  return result.kind === 'find-outdated' ? result.services : wrong('find-outdated', result.kind);
}
