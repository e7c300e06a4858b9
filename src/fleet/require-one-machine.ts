import type { FleetConfig, Host } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import { RejectedError } from '../core/errors.ts';
import { isTwice, twiceText } from '../core/host-presence.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { hearPresences } from './hear-hosts.ts';
import { joinLine } from './join-steps.ts';
import type { Assignment } from './prepare-run.ts';

/** The hosts that a run is for. */
type Meant = { readonly assignments: readonly Pick<Assignment, 'candidates'>[] };

/**
 * Refuses a run that might be done by the copy of a host, as far as the copy is the one that was heard last.
 * @throws RejectedError HOST_TWICE.
 */
export async function requireOneMachine(
  broker: ControllerBroker,
  { fleet, prepared }: { readonly fleet: FleetConfig; readonly prepared: Meant },
  clock: Clock,
): Promise<void> {
  const meant = new Set(prepared.assignments.flatMap(({ candidates }) => candidates));
  const hosts = [...fleet.hosts.values()].filter(({ name, machine }) => machine !== null && meant.has(name));
  if (hosts.length === 0) return;
  const presences = await hearPresences(broker, { fleet: fleet.fleet, hosts }, clock);
  const twice = hosts.find(({ name, machine }) => isTwice(machine, presences.get(name) ?? null));
  if (twice === undefined) return;
  throw new RejectedError('HOST_TWICE', twiceText(twice.name), { hint: howToPart(twice) });
}

/** What to type where a copy of a host answers in its name. */
export function howToPart(host: Host): string {
  return `on the copy:  systemctl disable --now celeroot-worker ; then join the right one again:  ${joinLine(host, 'celeroot', ['--new-secrets'])} --replace`;
}
