import { firstOf } from '../core/first-of.ts';
import type { FleetConfig, Host } from '../config/fleet-config.ts';
import { RejectedError } from '../core/errors.ts';
import type { HostName } from '../core/names.ts';
import { joinLine } from './join-steps.ts';
import type { Assignment } from './prepare-run.ts';

export type JoinedOnly = {
  readonly assignments: readonly Assignment[];
  /** Hosts that were meant and left out. */
  readonly notJoined: readonly HostName[];
};

/**
 * Leaves out hosts that have not joined: nothing they would report could be believed.
 * @throws RejectedError HOST_NOT_JOINED when none is left.
 */
export function leaveOutNotJoined(fleet: FleetConfig, assignments: readonly Assignment[]): JoinedOnly {
  const hasJoined = (name: HostName): boolean => (fleet.hosts.get(name)?.key ?? null) !== null;
  const meant = [...new Set(assignments.flatMap(({ candidates }) => candidates))];
  const notJoined = meant.filter((name) => !hasJoined(name));
  const left = assignments
    .map((assignment) => ({ ...assignment, candidates: assignment.candidates.filter(hasJoined) }))
    .filter(({ candidates }) => candidates.length > 0);
  const [first] = notJoined.flatMap((name) => fleet.hosts.get(name) ?? []);
  if (left.length > 0 || first === undefined) return { assignments: left, notJoined };
  throw new RejectedError('HOST_NOT_JOINED', notJoinedText(notJoined), {
    hint: howToJoin(first),
    details: { hosts: notJoined },
  });
}

/** Names the hosts, or the first of many. */
export function notJoinedText(hosts: readonly HostName[]): string {
  const verb = hosts.length === 1 ? 'has' : 'have';
  return `${firstOf(hosts, MAX_NAMED)} ${verb} not joined: no key is recorded by which to believe them`;
}

/** What to type so that a machine becomes that host. */
export function howToJoin(host: Host, celeroot = 'celeroot'): string {
  return `to join it:  ${joinLine(host, celeroot)}`;
}

const MAX_NAMED = 10;
