import { CommandError, type ErrorOptions } from '../core/errors.ts';
import type { Phase } from '../core/step.ts';

/** Why a job is to end early: someone cancelled it, its time is up, or the executor was sent a signal. */
export type StopReason = 'cancelled' | 'deadline' | 'signal';

/** Ends work at a safe point. */
export class JobStopped extends CommandError {
  readonly reason: StopReason;

  constructor(reason: StopReason, where: string) {
    super('JOB_STOPPED', `${WORDS[reason]} ${where}`, HINTS[reason]);
    this.reason = reason;
  }
}

const WORDS: Readonly<Record<StopReason, string>> = {
  cancelled: 'cancelled',
  deadline: 'out of time',
  signal: 'the executor was told to stop',
};

const HINTS: Readonly<Record<StopReason, ErrorOptions>> = {
  cancelled: {},
  deadline: { hint: 'see the job’s output for what took so long, or give it longer with --deadline' },
  signal: {},
};

const POLL_MS = 500;

/** Decides where a job may be stopped. */
export type PhaseGate = {
  /** @throws JobStopped when there is a reason to stop and the phase has not to begin. */
  readonly enter: (phase: Phase) => void;
  /** Aborted, with a JobStopped as its reason, once the current phase may be broken off for a reason to stop. */
  readonly whenToStop: () => Disposable & { readonly signal: AbortSignal };
};

/**
 * Lets phases begin until there is a reason to stop. From the commit on there is no stopping: a change that is whole,
 * verified and told is worth more than one broken off. Nor is there in the recovery of what an attempt before this
 * one left behind.
 */
export function phaseGate(reasonToStop: () => StopReason | null, attempt: number): PhaseGate {
  let current: Phase | null = null;
  let committing = false;
  const stopped = (phase: Phase | null, where: string): JobStopped | null => {
    const owed = committing || (phase === 'recovering' && attempt > 1);
    const reason = owed ? null : reasonToStop();
    return reason === null ? null : new JobStopped(reason, where);
  };
  return {
    enter: (phase) => {
      const stop = stopped(phase, `before ${phase}`);
      if (stop !== null) throw stop;
      current = phase;
      committing ||= phase === 'committing';
    },
    whenToStop: () => {
      const abort = new AbortController();
      const timer = setInterval(() => {
        const stop = stopped(current, current === null ? 'before it began' : `while ${current}`);
        if (stop !== null) abort.abort(stop);
      }, POLL_MS);
      return { signal: abort.signal, [Symbol.dispose]: () => clearInterval(timer) };
    },
  };
}
