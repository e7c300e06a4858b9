import type { Host } from '../config/fleet-config.ts';

/** A key by which a host is believed; `until` is null for one that counts without end. */
export type HostKey = { readonly key: string; readonly until: number | null };

/**
 * The keys by which a host is believed, the likeliest first. One that was replaced counts for what was said before it
 * was; while a rotation is not finished, the outgoing one counts as the recorded one does.
 */
export function keysOf({ key, outgoingKey, previousKeys }: Host): readonly HostKey[] {
  const present = [key, outgoingKey].flatMap((each) => (each === null ? [] : [{ key: each, until: null }]));
  return present.length === 0 ? [] : [...present, ...previousKeys.toReversed()];
}
