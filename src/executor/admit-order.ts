import type * as z from 'zod';
import type { Destination } from '../core/run.ts';
import { findTask } from '../tasks/registry.ts';
import { judgeByRoles } from '../tasks/role-rules.ts';
import type { Task, TaskContext } from '../tasks/task.ts';
import { checkAuthority } from '../trust/authority.ts';
import { quote, refuse, type Refused } from '../trust/dsse.ts';
import type { Order } from '../trust/order.ts';
import type { KeyKind, Trust } from '../trust/trust-file.ts';
import { checkMeant } from '../trust/verify-firing.ts';
import { verifyOrder, type VerifiedOrder } from '../trust/verify-order.ts';
import type { HostPolicy } from './host-policy.ts';

/** An order, and what it is held against. */
export type Candidate = {
  readonly envelope: string;
  readonly policy: HostPolicy;
  /** The newest trust file this host has accepted; null when it has none. */
  readonly trust: Trust | null;
  /** The queue and the id the order came through; null when it is read from its own job folder. */
  readonly from: { readonly queue: Destination; readonly job: string } | null;
  /** Milliseconds since 1970; for a job that has begun, the time at which it first did. */
  readonly now: number;
  readonly hasBegun: boolean;
  readonly ledgerBirth: number;
};

export type AdmittedOrder = {
  readonly ok: true;
  readonly order: Order;
  /** The key of who gave it: an operator, or a scheduler. */
  readonly key: string;
  readonly task: Task;
  /** The arguments as the task's schema reads them. */
  readonly args: unknown;
  readonly context: TaskContext;
};

type Verified = Extract<VerifiedOrder, { ok: true }>;

/** `answerable` as in VerifiedOrder: the order whose run may be told. */
export type RejectedOrder = Refused & { readonly answerable: Order | null };

/**
 * Decides whether this host carries an order out: it is truly ours, its task is known, its arguments fit, and a role
 * of the host allows it. Asked twice, by the worker when the order comes and by the executor just before it begins,
 * so that a folder someone tampered with does not run either. Never throws.
 */
export function admitOrder(candidate: Candidate): AdmittedOrder | RejectedOrder {
  const { policy, trust, from, now, ledgerBirth } = candidate;
  if (trust === null) return { ...refuse('UNKNOWN_KEY', 'this host has no trust file yet'), answerable: null };
  const verified = verifyOrder(candidate.envelope, {
    fleet: policy.fleet,
    host: policy.host,
    queue: from?.queue ?? null,
    job: from?.job ?? null,
    trust,
    now,
    ledgerBirth,
  });
  if (!verified.ok) return verified;
  const { order } = verified;
  const unauthorized = checkSigners(verified, trust, candidate);
  if (unauthorized !== null) return { ...unauthorized, answerable: order };
  const task = findTask(order.task);
  if (task === null) return { ...refuse('UNKNOWN_TASK', `no task ${quote(order.task)} here`), answerable: order };
  const forbidden = checkRoles(order, policy);
  if (forbidden !== null) return { ...forbidden, answerable: order };
  const args = task.args.safeParse(order.args);
  if (!args.success) return { ...refuseArguments(task, args.error), answerable: order };
  const [key = ''] = verified.signedBy;
  return { ok: true, order, key, task, args: args.data, context: contextOf(order, policy) };
}

/** Everybody who has signed must be allowed to ask for it: the operators, and the scheduler where one fires. */
function checkSigners({ order, signedBy, fires }: Verified, trust: Trust, candidate: Candidate): Refused | null {
  const { policy, now, hasBegun } = candidate;
  const host = { name: policy.host, roles: policy.roles.map((role) => role.name) };
  const check = (key: string, as: KeyKind): Refused | null =>
    checkAuthority(trust, { key, as, task: order.task, host, now, begunAt: hasBegun ? now : null });
  const signers: readonly (readonly [string, KeyKind])[] =
    fires === null
      ? signedBy.map((key) => [key, 'operator'])
      : [
          ...signedBy.map((key) => [key, 'scheduler'] as const),
          ...fires.signedBy.map((key) => [key, 'operator'] as const),
        ];
  for (const [key, as] of signers) {
    const refused = check(key, as);
    if (refused !== null) return refused;
  }
  return fires === null ? null : checkMeant(fires.standing, host);
}

function checkRoles({ task, to }: Order, { host, roles }: HostPolicy): Refused | null {
  const { allowed, asked } = judgeByRoles(task, to, roles);
  if (to.kind === 'any' && asked.length === 0) {
    return refuse('WRONG_QUEUE', `no role of ${host} serves the queue ${to.queue}`);
  }
  if (allowed) return null;
  const names = asked.join(', ');
  return refuse(
    'TASK_NOT_ALLOWED',
    `${task} is not among the tasks of ${names === '' ? 'any role' : names} on ${host}`,
  );
}

function refuseArguments(task: Task, { issues: [issue] }: z.ZodError): Refused {
  const where = [task.name, ...(issue?.path ?? [])].join('/');
  return refuse('INVALID_ARGUMENTS', `${where}: ${issue?.message ?? 'do not fit'}`.slice(0, 500));
}

/** What the order keeps out of upgrades and what the host's own roles keep out add up. */
function contextOf(order: Order, policy: HostPolicy): TaskContext {
  const exclude = new Set([...order.exclude, ...policy.roles.flatMap((role) => role.exclude)]);
  return { job: order.id, dryRun: order.dryRun, exclude: [...exclude], expectedPlan: order.expectedPlan };
}
