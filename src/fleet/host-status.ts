import type { Host } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import type { HostPresence } from '../core/host-presence.ts';
import type { FleetName } from '../core/names.ts';
import type { HostFacts } from '../core/presence.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { hearFacts, hearPresences } from './hear-hosts.ts';

/** A host as configured and as its worker last told. `presence` is null when the broker could not be asked. */
export type HostStatus = {
  readonly host: Host;
  readonly presence: HostPresence | null;
  readonly facts: HostFacts | null;
};

/** What is known of hosts, in the order given; without a broker only what the configuration says. */
export async function readHostStatuses(
  hosts: readonly Host[],
  {
    broker,
    fleet,
    clock,
  }: { readonly broker: ControllerBroker | null; readonly fleet: FleetName; readonly clock: Clock },
): Promise<readonly HostStatus[]> {
  if (broker === null) return hosts.map((host) => ({ host, presence: null, facts: null }));
  const audience = { fleet, hosts };
  const [presences, allFacts] = await Promise.all([
    hearPresences(broker, audience, clock),
    hearFacts(broker, audience),
  ]);
  return hosts.map((host) => ({
    host,
    presence: presences.get(host.name) ?? { online: false, lastSeenAt: null },
    facts: allFacts.get(host.name) ?? null,
  }));
}
