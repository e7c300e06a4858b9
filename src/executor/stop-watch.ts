import { isCancelled, type JobFolder } from './job-folder.ts';
import type { StopReason } from './phase-gate.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Why the job is to stop, when it is, given how long it may take. */
export type StopWatch = Disposable & {
  readonly reason: (deadlineMs: number) => StopReason | null;
  /** Whether this process was sent a signal to end, whatever other reason there is. */
  readonly isToldToEnd: () => boolean;
  /** How far it is past its deadline, milliseconds; negative before that. */
  readonly lateMs: (deadlineMs: number) => number;
};

/**
 * Watches for reasons to stop a job, from now on. The signals that usually end a process only become a reason here:
 * dpkg must not be left in the middle, whoever asks.
 */
export function watchForStop(folder: JobFolder): StopWatch {
  const start = performance.now();
  let signalled = false;
  const onSignal = (): void => {
    signalled = true;
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const lateMs = (deadlineMs: number): number => performance.now() - start - deadlineMs;
  return {
    lateMs,
    isToldToEnd: () => signalled,
    reason: (deadlineMs) => {
      if (isCancelled(folder)) return 'cancelled';
      if (signalled) return 'signal';
      return lateMs(deadlineMs) > 0 ? 'deadline' : null;
    },
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
