import type { CommandOutput } from '../core/step.ts';

/**
 * Whether a signal ended the program, or the dpkg that apt had started: out of memory, or by somebody's hand. It says
 * nothing about the packages then; what was begun has to be mended and done again.
 */
export function wasKilled({ exitCode, signal, stdout }: CommandOutput): boolean {
  return signal !== null || (exitCode !== 0 && KILLED_BELOW_APT.test(stdout));
}

/** apt's words for a dpkg that did not end by itself (`ExecWait` in apt's fileutl.cc). */
const KILLED_BELOW_APT =
  /^E: Sub-process \S*\/dpkg (?:exited unexpectedly|received (?:a segmentation fault|signal \d+))/m;
