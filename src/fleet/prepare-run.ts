import { firstOf } from '../core/first-of.ts';
import type * as z from 'zod';
import type { FleetConfig, Host, Role } from '../config/fleet-config.ts';
import { RejectedError, UsageError } from '../core/errors.ts';
import { describeTarget, requireHost, requireRole, selectHosts, type Target } from '../core/host-selector.ts';
import type { Json } from '../core/json.ts';
import type { HostName, QueueName } from '../core/names.ts';
import type { Rollout, RolloutStep } from '../core/rollout.ts';
import type { Destination, Run } from '../core/run.ts';
import { findTask, similarTasks, TASKS } from '../tasks/registry.ts';
import { judgeByRoles } from '../tasks/role-rules.ts';
import type { Task } from '../tasks/task.ts';
import { hostsServing } from './candidates.ts';
import type { FiredSlot, RunSlot } from './fired-slot.ts';
import { leaveOutNotJoined } from './leave-out-not-joined.ts';

/** Many hosts, each through its own queue, or any one host of a role through the role's queue. */
export type RunTarget =
  | { readonly kind: 'hosts'; readonly target: Target }
  | { readonly kind: 'any'; readonly role: string };

export type RunRequest = {
  readonly task: string;
  readonly args: Readonly<Record<string, Json>>;
  readonly to: RunTarget;
  readonly dryRun: boolean;
  readonly expiresInMs: number;
  readonly deadlineMs: number;
};

/** A job as far as it can be decided before anything is signed. */
export type Assignment = {
  readonly to: Destination;
  /** The hosts that can do it; one, unless the job goes to any host of a role. */
  readonly candidates: readonly HostName[];
  readonly exclude: readonly string[];
  readonly expectedPlan: string | null;
  /** Arguments of this job alone, beside those of the run. */
  readonly args?: Readonly<Record<string, Json>>;
  /** Its order ends then, where that is before the run does. */
  readonly until?: number;
};

/** A request that has been checked against the fleet and the task: nothing in it can be refused here any more. */
export type PreparedRun = Pick<RunRequest, 'args' | 'dryRun' | 'expiresInMs' | 'deadlineMs'> & {
  readonly task: Task;
  readonly target: string;
  readonly assignments: readonly Assignment[];
  /** Hosts that were meant and are left out. */
  readonly notJoined: readonly HostName[];
  readonly follows: Run['follows'];
  /** Of the assignments in their order; null where all have their turn at once. */
  readonly rollout: Rollout | null;
  /** What each host does in its turn, in that order; empty where that is this run's job and no more. */
  readonly steps: readonly PreparedStep[];
};

/** A step of a roll-out; `run` is null for the job of the rolled-out run itself. */
export type PreparedStep = {
  readonly step: Omit<RolloutStep, 'run'>;
  readonly run: PreparedRun | null;
  /** What it is to be signed as, where its id follows from the slot of a schedule. */
  readonly as?: FiredSlot | RunSlot;
};

/**
 * Resolves a request to jobs. Refuses, with every host that stands in the way, before anything is signed or sent.
 * @throws RejectedError UNKNOWN_TASK, UNKNOWN_HOST, UNKNOWN_ROLE, NO_HOST_MATCHED, HOST_NOT_JOINED or TASK_NOT_ALLOWED;
 * UsageError INVALID_ARGUMENTS naming the argument and its value.
 */
export function prepareRun(fleet: FleetConfig, request: RunRequest): PreparedRun {
  const task = requireTask(request.task);
  checkArguments(task, request.args);
  const { args, dryRun, expiresInMs, deadlineMs, to } = request;
  const meant = to.kind === 'any' ? [assignToAny(fleet, to.role)] : assignToEach(fleet, to.target);
  const { assignments, notJoined } = leaveOutNotJoined(fleet, meant);
  requireAllowed(fleet, task, assignments);
  const target = to.kind === 'any' ? `any host of role ${to.role}` : describeTarget(to.target);
  return plainRun({ task, args, dryRun, expiresInMs, deadlineMs, target, assignments, notJoined });
}

const PLAIN = { dryRun: false, notJoined: [], follows: null, rollout: null, steps: [] } as const;

/** A run of its own, of which all jobs have their turn at once. */
export function plainRun(run: Omit<PreparedRun, keyof typeof PLAIN> & Partial<PreparedRun>): PreparedRun {
  return { ...PLAIN, ...run };
}

/** @throws RejectedError UNKNOWN_TASK with what may have been meant. */
export function requireTask(name: string): Task {
  const task = findTask(name);
  if (task !== null) return task;
  const similar = similarTasks(name);
  const hint = similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : 'see  celeroot tasks ls';
  throw new RejectedError('UNKNOWN_TASK', `there is no task ${name}`, {
    hint,
    details: { tasks: TASKS.map((known) => known.name) },
  });
}

/**
 * The job of one host, with what its roles keep out of upgrades.
 * @throws RejectedError UNKNOWN_HOST when the fleet has no such host (any more).
 */
export function assignToHost(fleet: FleetConfig, name: HostName, expectedPlan: string | null = null): Assignment {
  const host = fleet.hosts.get(requireHost(fleet, name));
  const exclude = host === undefined ? [] : excludedBy(fleet, [host]);
  return { to: { kind: 'host', host: name }, candidates: [name], exclude, expectedPlan };
}

/**
 * The one job of whichever host takes it first. Any host that serves the queue may, also through another role that
 * shares it; so what any of them keeps out of upgrades is kept out.
 */
export function assignToQueue(fleet: FleetConfig, queue: QueueName): Assignment {
  const serving = hostsServing(fleet, queue);
  if (serving.length === 0) {
    throw new RejectedError('NO_HOST_MATCHED', `no host serves the queue ${queue}`, { hint: 'see  celeroot hosts ls' });
  }
  const candidates = serving.map((host) => host.name);
  return { to: { kind: 'any', queue }, candidates, exclude: excludedBy(fleet, serving), expectedPlan: null };
}

/** @throws RejectedError TASK_NOT_ALLOWED naming every host that would refuse the task: any of them may be the one. */
export function requireAllowed(fleet: FleetConfig, task: Task, assignments: readonly Assignment[]): void {
  const refusing = assignments.flatMap(({ to, candidates }) =>
    candidates.filter((name) => !judgeByRoles(task.name, to, rolesOf(fleet, name)).allowed),
  );
  if (refusing.length === 0) return;
  const hosts = [...new Set(refusing)];
  const [queue] = assignments.flatMap(({ to }) => (to.kind === 'any' ? [to.queue] : []));
  const where = queue === undefined ? '' : ` that serve the queue ${queue}`;
  const otherwise = queue === undefined ? 'leave them out with --exclude' : 'name a host that may with --host';
  throw new RejectedError(
    'TASK_NOT_ALLOWED',
    `${task.name} is not allowed by the roles of ${firstOf(hosts, MAX_NAMED)}${where}`,
    {
      hint: `${otherwise}, or add ${task.name} to  tasks:  of ${queue === undefined ? 'a role of theirs' : 'those roles'}`,
      details: { task: task.name, hosts },
    },
  );
}

const MAX_NAMED = 10;

/**
 * `place` is where the arguments are written, when somebody might look for them elsewhere.
 * @throws UsageError INVALID_ARGUMENTS with every argument that does not fit, and its value.
 */
export function checkArguments(task: Task, args: Readonly<Record<string, Json>>, place: string | null = null): void {
  const parsed = task.args.safeParse(args, { error: expectation });
  if (parsed.success) return;
  const problems = parsed.error.issues.map((issue) => describeIssue(issue, args));
  throw new UsageError(
    'INVALID_ARGUMENTS',
    `${place === null ? '' : `${place}: `}${task.name}: ${problems.join('; ')}`,
    {
      hint: `for example:  ${task.example}`,
      details: { task: task.name, problems },
    },
  );
}

/** What the schema of a task leaves to the schema library, whose own words speak of options. */
function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`;
  return issue.code === 'invalid_value' ? `expected ${issue.values.map(String).join(' or ')}` : undefined;
}

function describeIssue(issue: z.core.$ZodIssue, args: Readonly<Record<string, Json>>): string {
  if (issue.path.length === 0) return issue.message;
  let value: unknown = args;
  for (const key of issue.path) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  }
  const place = issue.path.join('/');
  if (value === undefined) return `${place}: ${issue.message}, it is missing`;
  const got = JSON.stringify(value);
  return issue.message.includes(got) ? `${place}: ${issue.message}` : `${place}: ${issue.message}, got ${got}`;
}

function assignToEach(fleet: FleetConfig, target: Target): readonly Assignment[] {
  return selectHosts(fleet, target).map((name) => assignToHost(fleet, name));
}

function assignToAny(fleet: FleetConfig, roleText: string): Assignment {
  const role = requireRole(fleet, roleText);
  const queue = fleet.roles.get(role)?.queues[0];
  if (queue !== undefined) return assignToQueue(fleet, queue);
  throw new RejectedError('NO_HOST_MATCHED', `role ${role} has no queue of its own`, {
    hint: 'use --role to reach each of its hosts through its own queue',
  });
}

function excludedBy(fleet: FleetConfig, hosts: readonly Host[]): readonly string[] {
  const patterns = hosts.flatMap((host) => host.roles.flatMap((role) => fleet.roles.get(role)?.exclude ?? []));
  return [...new Set(patterns)];
}

function rolesOf(fleet: FleetConfig, name: HostName): readonly Role[] {
  return (fleet.hosts.get(name)?.roles ?? []).flatMap((role) => fleet.roles.get(role) ?? []);
}
