import type { Schedule } from '../config/fleet-config.ts';
import { describeTarget } from '../core/host-selector.ts';
import type { HostName } from '../core/names.ts';
import type { Sender } from '../fleet/dispatch-run.ts';
import { type PreparedRun, prepareRun } from '../fleet/prepare-run.ts';
import { requireGranted } from '../fleet/require-granted.ts';
import { requireOneMachine } from '../fleet/require-one-machine.ts';
import { scheduleRequest } from '../fleet/schedule-request.ts';
import type { Scheduler } from './scheduler-context.ts';

export type PreparedSlot = {
  readonly prepared: PreparedRun;
  readonly sender: Sender;
  readonly notJoined: readonly HostName[];
};

/**
 * The run of a slot on these hosts, checked as one that somebody types is. Its orders end when the slot does.
 * @throws as prepareRun, requireGranted, requireOneMachine and readSender.
 */
export async function prepareSlot(
  { broker, clock, plan, senderOf }: Pick<Scheduler, 'broker' | 'clock' | 'plan' | 'senderOf'>,
  schedule: Schedule,
  { slot, hosts }: { readonly slot: number; readonly hosts: readonly string[] },
): Promise<PreparedSlot> {
  const { fleet } = plan;
  const prepared = prepareRun(fleet, {
    ...scheduleRequest(schedule),
    to: { kind: 'hosts', target: { roles: [], hosts, all: false, exclude: [] } },
    expiresInMs: slot + schedule.startWithinMs - clock.now(),
  });
  const sender = await senderOf(fleet, `schedule ${schedule.name}`);
  requireGranted(fleet, prepared, sender);
  await requireOneMachine(broker, { fleet, prepared }, clock);
  const target = `schedule ${schedule.name}: ${describeTarget(schedule.target)}`;
  return { prepared: { ...prepared, target }, sender, notJoined: prepared.notJoined };
}
