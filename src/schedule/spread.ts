import { createHash } from 'node:crypto';

/** A whole number below `range` that is always the same for the same words, and even over many of them. */
export function spreadOver(words: readonly string[], range: number): number {
  if (range <= 1) return 0;
  return createHash('sha256').update(words.join('\0')).digest().readUIntBE(0, 6) % range;
}

/** How long after a slot a host begins: its own share of `splayMs`, in whole seconds, the same at every slot. */
export function splayOf(schedule: string, host: string, splayMs: number): number {
  return spreadOver(['splay', schedule, host], Math.floor(splayMs / 1000)) * 1000;
}
