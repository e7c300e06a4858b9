import type { Presence } from './presence.ts';

/** Whether a host's worker is there. `lastSeenAt` is when it last told anything; null when it never has. */
export type HostPresence =
  | { readonly online: true; readonly presence: Presence }
  | { readonly online: false; readonly lastSeenAt: number | null };

/** `awayMs` is how long the host has been away, when the broker remembers that it was there. */
export function judgePresence(presence: Presence | undefined, awayMs: number | undefined, now: number): HostPresence {
  if (presence !== undefined) return { online: true, presence };
  return { online: false, lastSeenAt: awayMs === undefined ? null : now - awayMs };
}
