import type { JobState, RunState } from './run-state.ts';
import { transactionHash, type ChangeAction, type KeptBack, type Transaction } from './transaction.ts';

/** Hosts that would have the very same changes made. */
export type PlanGroup = {
  /** `A`, `B`, … `Z`, `AA`: the largest group first. */
  readonly letter: string;
  readonly hash: string;
  readonly transaction: Transaction;
  /** Names of the hosts, in the order of the run. */
  readonly hosts: readonly string[];
  /** What is not upgraded though it could be, on any of the hosts: that does not tell groups apart. */
  readonly keptBack: readonly GroupKeptBack[];
  /** Why the hosts would not do it as asked, e.g. a removal nobody allowed; null when they would. */
  readonly objection: string | null;
  readonly objectionHint: string | null;
};

export type GroupKeptBack = KeptBack & { readonly hosts: readonly string[] };

/** Groups what a dry run found by equal transactions. Jobs that ended without a plan are not in any group. */
export function groupPlans(state: RunState): readonly PlanGroup[] {
  const groups = new Map<string, Gathered>();
  for (const job of state.jobs.values()) {
    const finding = findingOf(job);
    if (finding === null || job.host === null) continue;
    const key = `${finding.hash} ${finding.objection ?? ''}`;
    const group: Gathered = groups.get(key) ?? { ...finding, hosts: [], kept: new Map() };
    groups.set(key, group);
    group.hosts.push(job.host);
    gatherKeptBack(group.kept, finding.transaction, job.host);
  }
  const sorted = [...groups.values()].toSorted((a, b) => b.hosts.length - a.hosts.length);
  return sorted.map(({ kept, ...group }, index) => ({
    ...group,
    keptBack: [...kept.values()],
    letter: letterOf(index),
  }));
}

type KeptHosts = Map<string, KeptBack & { readonly hosts: string[] }>;
type Gathered = Finding & { readonly hosts: string[]; readonly kept: KeptHosts };

function gatherKeptBack(known: KeptHosts, { keptBack }: Transaction, host: string): void {
  for (const kept of keptBack) {
    const key = JSON.stringify([kept.package, kept.from, kept.to, kept.reason]);
    const same = known.get(key) ?? { ...kept, hosts: [] };
    known.set(key, same);
    same.hosts.push(host);
  }
}

/** `4 upgraded, 1 REMOVED`: what is lost stands in capitals. */
export function countChanges(transaction: Transaction): string {
  const counts = new Map<ChangeAction, number>();
  for (const change of transaction.changes) counts.set(change.action, (counts.get(change.action) ?? 0) + 1);
  const parts = ACTIONS.flatMap(([action, word]) => {
    const count = counts.get(action);
    return count === undefined ? [] : [`${count} ${word}`];
  });
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}

const ACTIONS: readonly (readonly [ChangeAction, string])[] = [
  ['install', 'installed'],
  ['upgrade', 'upgraded'],
  ['reinstall', 'reinstalled'],
  ['configure', 'configured'],
  ['downgrade', 'DOWNGRADED'],
  ['remove', 'REMOVED'],
  ['purge', 'PURGED'],
];

type Finding = Omit<PlanGroup, 'letter' | 'hosts' | 'keptBack'>;

function findingOf({ end, plan }: JobState): Finding | null {
  if (end === null || !('outcome' in end)) return null;
  const { status, failure } = end.outcome;
  const transaction = end.outcome.transaction ?? plan?.transaction;
  if (transaction === undefined || (status !== 'planned' && failure === null)) return null;
  const { message = null, hint = null } = failure ?? {};
  return { hash: transactionHash(transaction), transaction, objection: message, objectionHint: hint };
}

function letterOf(index: number): string {
  const last = String.fromCodePoint(65 + (index % 26));
  return index < 26 ? last : letterOf(Math.floor(index / 26) - 1) + last;
}
