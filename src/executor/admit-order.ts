import type * as z from 'zod';
import type { Destination } from '../core/run.ts';
import { vetoOf, type Intent, type OwnersWord } from '../core/owner-policy.ts';
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
import { localTimeOf } from './local-time.ts';

/** An order, and what it is held against. */
export type Candidate = {
  readonly envelope: string;
  readonly policy: HostPolicy;
  /** What the host's owner has the last word on. */
  readonly owner: OwnersWord;
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
  /** The keys of the others who have signed it: a second operator, or the operators whose standing order a scheduler fires. */
  readonly also: readonly string[];
  readonly task: Task;
  /** The arguments as the task's schema reads them. */
  readonly args: unknown;
  readonly context: TaskContext;
};

type Verified = Extract<VerifiedOrder, { ok: true }>;

/** `answerable` as in VerifiedOrder: the order whose run may be told. */
export type RejectedOrder = Refused & { readonly answerable: Order | null };

/**
 * Decides whether this host carries an order out: it is truly ours, its task is known, its arguments fit, a role of the
 * host allows it, and the host's owner has nothing against it. Asked twice, by the worker when the order comes and by the
 * executor just before it begins, so that a folder someone tampered with does not run either. Never throws.
 */
export function admitOrder(candidate: Candidate): AdmittedOrder | RejectedOrder {
  const { policy, trust, from, now, ledgerBirth } = candidate;
  if (trust === null) return { ...refuse('UNKNOWN_KEY', noTrustYet(policy)), answerable: null };
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
  const decided = decide(verified, trust, candidate);
  return decided.ok ? decided : { ...decided, answerable: verified.order };
}

function decide(verified: Verified, trust: Trust, candidate: Candidate): AdmittedOrder | Refused {
  const { order, signedBy } = verified;
  const unauthorized = checkVersion(trust, candidate) ?? checkSigners(verified, trust, candidate);
  if (unauthorized !== null) return unauthorized;
  const task = findTask(order.task);
  if (task === null) return refuse('UNKNOWN_TASK', `no task ${quote(order.task)} here`);
  const forbidden = checkRoles(order, candidate.policy);
  if (forbidden !== null) return forbidden;
  const args = task.args.safeParse(order.args);
  if (!args.success) return refuseArguments(task, args.error);
  const veto = vetoOf(candidate.owner, intentOf(verified, task, candidate));
  if (veto !== null) return refuse(veto.code, veto.message);
  const [key = '', ...others] = signedBy;
  const also = verified.fires?.signedBy ?? others;
  return { ok: true, order, key, also, task, args: args.data, context: contextOf(order, candidate) };
}

function noTrustYet({ leastTrust }: HostPolicy): string {
  return leastTrust === 1
    ? 'this host has no trust file yet'
    : `this host has no trust file yet, and takes none before version ${leastTrust}`;
}

/** A host that joined again may have been told of a newer trust file than it has; until it has that, it begins nothing. */
function checkVersion({ version }: Trust, { policy: { leastTrust }, hasBegun }: Candidate): Refused | null {
  if (hasBegun || version >= leastTrust) return null;
  return refuse(
    'TRUST_TOO_OLD',
    `this host has version ${version} of the trust file, and obeys none before version ${leastTrust}`,
  );
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

function intentOf({ order, signedBy, fires }: Verified, task: Task, { now, hasBegun }: Candidate): Intent {
  const operators = (fires?.signedBy ?? signedBy).length;
  const { dryRun } = order;
  return { task: task.name, changesHost: task.changesHost, dryRun, begun: hasBegun, operators, at: localTimeOf(now) };
}

/** What the order keeps out of upgrades, and what the host's own roles and its owner keep out, add up. */
function contextOf(order: Order, { policy, owner }: Candidate): TaskContext {
  const deny = owner.policy?.deny.packages ?? [];
  const exclude = new Set([...order.exclude, ...policy.roles.flatMap((role) => role.exclude), ...deny]);
  const { id: job, dryRun, expectedPlan } = order;
  return { job, dryRun, exclude: [...exclude], deny, expectedPlan };
}
