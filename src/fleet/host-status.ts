import type { Host } from '../config/fleet-config.ts';
import { judgePresence, type HostPresence } from '../core/host-presence.ts';
import type { HostFacts } from '../core/presence.ts';
import type { ControllerBroker } from '../queue/broker.ts';

/** A host as configured and as its worker last told. `presence` is null when the broker could not be asked. */
export type HostStatus = {
  readonly host: Host;
  readonly presence: HostPresence | null;
  readonly facts: HostFacts | null;
};

/** What is known of hosts, in the order given; without a broker only what the configuration says. */
export async function readHostStatuses(
  hosts: readonly Host[],
  { broker, now }: { readonly broker: ControllerBroker | null; readonly now: number },
): Promise<readonly HostStatus[]> {
  if (broker === null) return hosts.map((host) => ({ host, presence: null, facts: null }));
  const names = hosts.map((host) => host.name);
  const [presences, absences, allFacts] = await Promise.all([
    broker.presences(names),
    broker.absences(names),
    broker.facts(names),
  ]);
  return hosts.map((host) => {
    const presence = judgePresence(presences.get(host.name), absences.get(host.name), now);
    return { host, presence, facts: allFacts.get(host.name) ?? null };
  });
}
