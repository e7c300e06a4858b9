import type { Schedule } from '../config/fleet-config.ts';
import { BugError } from '../core/errors.ts';
import { describeTarget } from '../core/host-selector.ts';
import type { HostName } from '../core/names.ts';
import type { Sender } from '../fleet/dispatch-run.ts';
import type { FiredSlot, RunSlot } from '../fleet/fired-slot.ts';
import { prepareScheduled } from '../fleet/prepare-scheduled.ts';
import type { PreparedRun, PreparedStep } from '../fleet/prepare-run.ts';
import { requireGranted } from '../fleet/require-granted.ts';
import { requireOneMachine } from '../fleet/require-one-machine.ts';
import type { ScheduleAuthority } from '../fleet/schedule-authority.ts';
import { runIdOfSlot } from '../trust/standing-order.ts';
import type { Scheduler } from './scheduler-context.ts';

export type PreparedSlot = {
  readonly prepared: PreparedRun;
  readonly sender: Sender;
  /** What `signRun` is to sign it as. */
  readonly as: FiredSlot | RunSlot;
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
  const id = runIdOfSlot(fleet.fleet, schedule.name, slot);
  const prepared = prepareScheduled(fleet, schedule, {
    changes: {
      ...(standing === null ? {} : { args: standing.standing.args }),
      to: { kind: 'hosts', target: { roles: [], hosts, all: false, exclude: [] } },
      // As an operator's, its orders end with the slot; as a scheduler's, hosts want the time that was signed.
      expiresInMs: standing?.standing.limits.expiresInMs ?? slot + schedule.startWithinMs - clock.now(),
    },
    // Whoever fires the slot again makes the same batches.
    seed: id,
  });
  for (const key of operatorsOf(authority)) requireGranted(fleet, prepared, { ...sender, key: { id: key } });
  await requireOneMachine(broker, { fleet, prepared }, clock);
  const target = `schedule ${schedule.name}: ${describeTarget(schedule.target)}`;
  return {
    prepared: {
      ...prepared,
      target,
      steps: prepared.steps.map((each, index) => asStep(each, { authority, slot, step: index + 1, schedule })),
    },
    sender,
    as: standing === null ? { schedule: schedule.name, at: slot } : { ...standing, slot },
    notJoined: prepared.notJoined,
  };
}

type StepPlace = {
  readonly authority: ScheduleAuthority;
  readonly schedule: Schedule;
  readonly slot: number;
  /** Counted from 1. */
  readonly step: number;
};

/** A step with the id that follows from schedule, slot and step, and the standing order that lets a scheduler fire it. */
function asStep(prepared: PreparedStep, { authority, schedule, slot, step }: StepPlace): PreparedStep {
  const { run } = prepared;
  if (run === null) return prepared;
  const { standing } = authority;
  if (standing === null) return { ...prepared, as: { schedule: schedule.name, at: slot, step } };
  const own = standing.steps.find((each) => each.standing.step === step);
  if (own === undefined) throw new BugError(`step ${step} of schedule ${schedule.name} has no standing order`);
  return { ...prepared, run: { ...run, args: own.standing.args }, as: { ...own, slot } };
}

function operatorsOf({ sender, standing }: ScheduleAuthority): readonly string[] {
  if (standing === null) return [sender.key.id];
  return [...new Set([standing, ...standing.steps].flatMap(({ signedBy }) => signedBy))];
}
