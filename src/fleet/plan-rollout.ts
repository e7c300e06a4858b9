import type { FleetConfig } from '../config/fleet-config.ts';
import { didYouMean } from '../core/close-matches.ts';
import { formatDuration } from '../core/duration.ts';
import { RejectedError, UsageError } from '../core/errors.ts';
import type { HostName } from '../core/names.ts';
import type { Rollout } from '../core/rollout.ts';
import { planBatches, type PlannedHost } from '../rollout/plan-batches.ts';
import { DEFAULT_RULES, type RolloutChoice, type RolloutRules } from '../rollout/rules.ts';
import { stepsOf } from '../rollout/steps.ts';
import { prepareSteps } from './prepare-steps.ts';
import type { PreparedRun } from './prepare-run.ts';
import { limitedRolesOf } from './role-limits.ts';

export type RolloutWish = {
  readonly choice: RolloutChoice | null;
  /** Decides a shuffled order. */
  readonly seed: string;
};

/**
 * The run with its hosts laid out in batches, if that is wished, or if a role of theirs limits how many may be changed
 * at once. One that is laid out already stays so unless something else is wished.
 * @throws RejectedError UNKNOWN_ROLLOUT, or NO_HOST_MATCHED for canaries that are not among the hosts; UsageError when
 * it cannot end before the orders expire, or the run is for any one host; and whatever prepareRun throws, for its steps.
 */
export function planRollout(fleet: FleetConfig, prepared: PreparedRun, { choice, seed }: RolloutWish): PreparedRun {
  if (choice === null && prepared.rollout !== null) {
    requireTime(prepared.rollout, prepared.expiresInMs);
    return prepared;
  }
  const isLimited = limitedHosts(fleet, prepared).length > 0;
  if (choice === null && !isLimited) return prepared;
  const rules = choice === null ? DEFAULT_RULES : chosenRules(fleet, choice);
  const byHost = new Map(
    prepared.assignments.flatMap((each) => (each.to.kind === 'host' ? [[each.to.host, each] as const] : [])),
  );
  if (byHost.size < prepared.assignments.length) {
    throw new UsageError('USAGE', why(isLimited), { hint: 'use --role or --host instead of --any' });
  }
  const { hosts, rollout } = planBatches(plannedHosts(fleet, [...byHost.keys()]), rules, seed);
  requireTime(rollout, prepared.expiresInMs);
  const laid = { ...prepared, assignments: hosts.flatMap((host) => byHost.get(host) ?? []), rollout };
  const steps = stepsOf(laid.task.name, rules).map((step) => ({ ...step, place: placeOf(choice, step.place) }));
  return { ...laid, steps: prepareSteps(fleet, laid, steps) };
}

/** Where the file says a step, such as `rollouts/careful/before/0`; null for what it does not say. */
function placeOf(choice: RolloutChoice | null, place: string | null): string | null {
  const name = choice?.name ?? null;
  return name === null || place === null ? null : `rollouts/${name}/${place}`;
}

/** The hosts with what decides their places. */
export function plannedHosts({ hosts }: FleetConfig, names: readonly HostName[]): readonly PlannedHost[] {
  return names.map((name) => ({ name, labels: new Map(Object.entries(hosts.get(name)?.labels ?? {})) }));
}

/** Hosts that the run may change and that have a role with a limit. */
function limitedHosts(fleet: FleetConfig, { task, dryRun, assignments }: PreparedRun): readonly HostName[] {
  if (!task.changesHost || dryRun) return [];
  return assignments.flatMap(({ candidates }) => candidates).filter((host) => limitedRolesOf(fleet, host).length > 0);
}

function why(isLimited: boolean): string {
  return isLimited
    ? 'the role limits how many of its hosts may be changed at once (max_unavailable), so they have to be named'
    : 'a roll-out is for many hosts, not for any one of a role';
}

function chosenRules({ rollouts }: FleetConfig, { name, changes }: RolloutChoice): RolloutRules {
  const named = name === null ? DEFAULT_RULES : rollouts.get(name);
  if (named !== undefined) return { ...named, ...changes };
  const otherwise =
    rollouts.size === 0 ? 'there are none; see  celeroot config explain rollouts' : 'see  rollouts:  in celeroot.yaml';
  throw new RejectedError('UNKNOWN_ROLLOUT', `there is no roll-out ${name}`, {
    hint: didYouMean(name ?? '', rollouts.keys(), otherwise),
  });
}

function requireTime({ batches, soakMs }: Rollout, expiresInMs: number): void {
  const soaksMs = (batches.length - 1) * soakMs;
  if (soaksMs < expiresInMs) return;
  const what = `${batches.length} batches with ${formatDuration(soakMs)} after each take ${formatDuration(soaksMs)}`;
  throw new UsageError('USAGE', `${what}, and orders expire after ${formatDuration(expiresInMs)}`, {
    hint: 'give larger --batches, a shorter --soak, or --expires up to 7d',
  });
}
