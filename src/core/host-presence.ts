import { MAX_CLOCK_SKEW_MS } from './clock.ts';
import { PRESENCE_TTL_MS, type Presence } from './presence.ts';

/** Whether a host's worker is there. `lastSeenAt` is when it last told anything; null when it never has. */
export type HostPresence =
  | { readonly online: true; readonly presence: Presence }
  | { readonly online: false; readonly lastSeenAt: number | null };

/** The reader's clock, and what Redis says its own is minus that: not believed further than clocks may be apart. */
export type ReaderTime = { readonly now: number; readonly brokerOffsetMs: number };

/**
 * Whether a host that has signed this is there. Its time is brought to the reader's clock by what each has found its
 * clock to be off Redis', by no more than clocks may be apart: who controls Redis can lie about the time, and can show
 * what a host said long ago, but not have it count for longer than that.
 */
export function judgePresence(said: Presence | undefined, { now, brokerOffsetMs }: ReaderTime): HostPresence {
  if (said === undefined) return { online: false, lastSeenAt: null };
  const apartMs = said.clockOffsetMs + brokerOffsetMs;
  const correctedMs = Math.max(-MAX_CLOCK_SKEW_MS, Math.min(MAX_CLOCK_SKEW_MS, apartMs));
  const seenAt = said.seenAt - correctedMs;
  const ageMs = now - seenAt;
  const isFresh = ageMs <= PRESENCE_TTL_MS && ageMs >= -MAX_CLOCK_SKEW_MS;
  if (isFresh && !said.leaving) return { online: true, presence: said };
  return { online: false, lastSeenAt: Math.min(now, seenAt) };
}

/** Whether another machine than the recorded one says, with its key, that it is the host. */
export function isTwice(machine: string | null, presence: HostPresence | null): boolean {
  return machine !== null && presence?.online === true && presence.presence.machine !== machine;
}

/** What is told of such a host. */
export function twiceText(host: string): string {
  return `two machines answer as ${host}: the one that is there is not the one that joined, but it has its key`;
}
