import type { Schedule } from '../config/fleet-config.ts';
import { describeTarget } from '../core/host-selector.ts';
import type { RunId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { FiredSlot, Sender } from '../fleet/dispatch-run.ts';
import { type PreparedRun, prepareRun } from '../fleet/prepare-run.ts';
import { requireGranted } from '../fleet/require-granted.ts';
import { requireOneMachine } from '../fleet/require-one-machine.ts';
import type { ScheduleAuthority } from '../fleet/schedule-authority.ts';
import { scheduleRequest } from '../fleet/schedule-request.ts';
import { runIdOfSlot } from '../trust/standing-order.ts';
import type { Scheduler } from './scheduler-context.ts';

export type PreparedSlot = {
  readonly prepared: PreparedRun;
  readonly sender: Sender;
  /** What `signRun` is to sign it as. */
  readonly as: FiredSlot | RunId;
  readonly notJoined: readonly HostName[];
};

/**
 * The run of a slot on these hosts, checked as one that somebody types is.
 * @throws as prepareRun, scheduleAuthority, requireGranted and requireOneMachine.
 */
export async function prepareSlot(
  { broker, clock, plan, authorityOf }: Pick<Scheduler, 'broker' | 'clock' | 'plan' | 'authorityOf'>,
  schedule: Schedule,
  { slot, hosts }: { readonly slot: number; readonly hosts: readonly string[] },
): Promise<PreparedSlot> {
  const { fleet } = plan;
  const authority = await authorityOf(fleet, schedule);
  const { sender, standing } = authority;
  const prepared = prepareRun(fleet, {
    ...scheduleRequest(schedule),
    ...(standing === null ? {} : { args: standing.standing.args }),
    to: { kind: 'hosts', target: { roles: [], hosts, all: false, exclude: [] } },
    // As an operator's, its orders end with the slot; as a scheduler's, hosts want the time that was signed.
    expiresInMs: standing?.standing.limits.expiresInMs ?? slot + schedule.startWithinMs - clock.now(),
  });
  for (const id of operatorsOf(authority)) requireGranted(fleet, prepared, { ...sender, key: { id } });
  await requireOneMachine(broker, { fleet, prepared }, clock);
  const target = `schedule ${schedule.name}: ${describeTarget(schedule.target)}`;
  return {
    prepared: { ...prepared, target },
    sender,
    as: standing === null ? runIdOfSlot(fleet.fleet, schedule.name, slot) : { ...standing, slot },
    notJoined: prepared.notJoined,
  };
}

function operatorsOf({ sender, standing }: ScheduleAuthority): readonly string[] {
  return standing === null ? [sender.key.id] : standing.signedBy;
}
