import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Makes this process small rather than fast: a worker waits most of its life, on machines that have better uses for
 * their memory. Half of what it would take is the nursery of the garbage collector, which grows while programs load;
 * so this comes before they do.
 */
export function preferSmallHeap(): void {
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--optimize-for-size');
}

/** Gives back what a burst of work has left; takes some tens of milliseconds. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
}
