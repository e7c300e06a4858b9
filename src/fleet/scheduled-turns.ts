import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import { CelerootError } from '../core/errors.ts';
import { matchingHosts } from '../core/host-selector.ts';
import type { HostName } from '../core/names.ts';
import { batchesOf, planBatches, type RolloutPlan } from '../rollout/plan-batches.ts';
import type { RolloutRules } from '../rollout/rules.ts';
import { stepsOf } from '../rollout/steps.ts';
import { findTask } from '../tasks/registry.ts';
import { plannedHosts } from './plan-rollout.ts';
import { limitedRolesOf, roleLimits } from './role-limits.ts';

/** How the hosts of a schedule take their turns; milliseconds, if each takes as long as it may. */
export type ScheduledTurns = {
  /** What one host may be at work: a deadline for each step of its turn. */
  readonly turnMs: number;
  /** How long after the first hosts the last ones begin; 0 where all may begin at once. */
  readonly lastMs: number;
};

/** The batches that a schedule's hosts make now; null without a roll-out, and where its canary is none of them. */
export function scheduledBatches(fleet: FleetConfig, schedule: Schedule): RolloutPlan | null {
  const rules = rulesOf(fleet, schedule);
  const hosts = plannedHosts(fleet, matchingHosts(fleet, schedule.target));
  if (rules === null || hosts.length === 0) return null;
  try {
    return planBatches(hosts, rules, '');
  } catch (error) {
    if (!(error instanceof CelerootError)) throw error;
    return null;
  }
}

/** By the batches of its roll-out, and by the roles that limit how many of their hosts are changed at once. */
export function scheduledTurns(fleet: FleetConfig, schedule: Schedule): ScheduledTurns {
  const plan = scheduledBatches(fleet, schedule);
  const turnMs = turnMsOf(rulesOf(fleet, schedule), schedule);
  const batches = plan === null ? [matchingHosts(fleet, schedule.target)] : batchesOf(plan.hosts, plan.rollout.batches);
  const isLimited = findTask(schedule.task)?.changesHost ?? true;
  const rounds = batches.map((hosts) => (isLimited ? roundsOf(fleet, hosts) : 1));
  const soaksMs = (plan?.rollout.soakMs ?? 0) * (batches.length - 1);
  return { turnMs, lastMs: (rounds.reduce((sum, each) => sum + each, 0) - 1) * turnMs + soaksMs };
}

function rulesOf({ rollouts }: FleetConfig, { rollout }: Schedule): RolloutRules | null {
  return rollout === null ? null : (rollouts.get(rollout) ?? null);
}

function turnMsOf(rules: RolloutRules | null, { task, deadlineMs }: Schedule): number {
  const steps = rules === null ? [] : stepsOf(task, rules);
  const waitsMs = steps.reduce((sum, { step }) => sum + step.waitMs, 0);
  return Math.max(1, steps.length) * deadlineMs + waitsMs;
}

/** How many turns after one another hosts need that may all begin at once but for the limits of their roles. */
function roundsOf(fleet: FleetConfig, hosts: readonly HostName[]): number {
  const members = Map.groupBy(
    hosts.flatMap((host) => limitedRolesOf(fleet, host)),
    (role) => role,
  );
  const limits = roleLimits(fleet);
  const rounds = [...members].map(([role, { length }]) => Math.ceil(length / (limits.get(role) ?? length)));
  return Math.max(1, ...rounds);
}
