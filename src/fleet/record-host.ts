import type { FleetConfig } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import { requireHost } from '../core/host-selector.ts';
import { operatorName } from '../host/operator-name.ts';
import { journalOf } from './journal.ts';

export type HostChange = {
  readonly host: string;
  readonly what: 'accepted' | 'replaced' | 'rotated' | 'retired' | 'renamed';
  /** Its public key from then on, or the one it had; for `renamed` the name it gets. */
  readonly detail: string;
  readonly clock: Clock;
};

/**
 * Writes into the journal that a host comes, is another machine from now on, gets another key, goes or has another name,
 * before it is so. What was seen of a host's log before it was accepted anew says nothing about it any more.
 * @throws ConfigError JOURNAL_UNUSABLE, RejectedError UNKNOWN_HOST.
 */
export async function recordHost(fleet: FleetConfig, { host: name, what, detail, clock }: HostChange): Promise<void> {
  const host = requireHost(fleet, name);
  const by = operatorName();
  await journalOf(fleet, clock).add(() => ({ kind: 'host', host, what, detail: detail.slice(0, 256), by }));
}
