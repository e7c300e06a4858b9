import type { HostStart, SlotHost } from '../schedule/decide.ts';
import { allowedUntil } from '../schedule/allowed-start.ts';
import type { SlotId } from '../queue/slot-store.ts';
import type { Plan } from './scheduler-context.ts';

/**
 * Until when a host of a slot may still begin, by the calendars as the file has them now: an order that was held up must
 * not leave, or be found by a host that was away, after the window it was meant for.
 */
export function startEnds({ schedules }: Plan, { schedule: name, slot }: SlotId): (start: Start) => number {
  const resolved = schedules.find(({ schedule }) => schedule.name === name);
  const hosts = new Map<string, SlotHost>(
    resolved?.hostsIn({ start: slot, end: slot }).map((host) => [host.name, host]) ?? [],
  );
  return ({ host, at }) => {
    const known = hosts.get(host);
    return known === undefined ? at : allowedUntil(known.calendars, at);
  };
}

type Start = Pick<HostStart, 'host' | 'at'>;
