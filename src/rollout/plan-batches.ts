import type { CheckLimits } from '../core/compare-checks.ts';
import { RejectedError } from '../core/errors.ts';
import { globMatches } from '../core/glob.ts';
import type { HostName } from '../core/names.ts';
import type { Rollout } from '../core/rollout.ts';
import type { RolloutRules } from './rules.ts';
import { countOf, type Size } from './size.ts';

/** A host as far as its place in a roll-out depends on it. */
export type PlannedHost = { readonly name: HostName; readonly labels: ReadonlyMap<string, string> };

/** The hosts in the order of their turns, and the batches they make. */
export type RolloutPlan = { readonly hosts: readonly HostName[]; readonly rollout: Rollout };

/**
 * Lays out hosts in batches: the canaries, then the rest by the sizes of the rules; both within each value of the label
 * when there is one. Percentages are of all hosts, or, but for canaries, of those that share the label; a batch has at
 * least one host.
 * `seed` decides the order where that is `shuffled`.
 * @throws RejectedError NO_HOST_MATCHED when canaries are named and none of them is among the hosts.
 */
export function planBatches(hosts: readonly PlannedHost[], rules: RolloutRules, seed: string): RolloutPlan {
  const ordered = arrange(hosts, rules.order, seed);
  const canaries = new Set(canariesOf(ordered, rules.canary));
  const groups = rules.by === null ? [{ name: null, hosts: ordered }] : groupBy(ordered, rules.by);
  const batches = [
    ...canaryBatches(groups, canaries),
    ...groups.flatMap((group) => {
      const rest = group.hosts.filter((host) => !canaries.has(host));
      return named(group, split(rest, rules.batches, group.hosts.length));
    }),
  ];
  return {
    hosts: batches.flatMap((batch) => batch.hosts.map(({ name }) => name)),
    rollout: {
      batches: batches.map(({ name, group, hosts: { length: size } }) => ({
        name,
        ...(group === null ? {} : { group }),
        size,
        maxFailures: countOf(rules.maxFailuresPerBatch, size),
      })),
      maxFailures: countOf(rules.maxFailures, hosts.length),
      maxUnreachable: countOf(rules.maxUnreachable, hosts.length),
      soakMs: rules.soakMs,
      ...(rules.check === null ? {} : { limits: limitsOf(rules.check.limits) }),
    },
  };
}

function limitsOf({ loadPerCore, diskFreePercent }: CheckLimits): NonNullable<Rollout['limits']> {
  return { loadPerCore: loadPerCore ?? null, diskFreePercent: diskFreePercent ?? null };
}

/** The hosts of each batch. */
export function batchesOf<Each>(all: readonly Each[], sizes: readonly { readonly size: number }[]): readonly Each[][] {
  let start = 0;
  return sizes.map(({ size }) => {
    start += size;
    return all.slice(start - size, start);
  });
}

/** What the hosts of each batch have in common, for those that have to. */
export function groupsOf(rollout: Rollout, hosts: readonly HostName[]): ReadonlyMap<HostName, string> {
  const members = batchesOf(hosts, rollout.batches);
  return new Map(
    rollout.batches.flatMap(({ group }, index) =>
      group === undefined ? [] : (members[index] ?? []).map((host) => [host, group] as const),
    ),
  );
}

/** Hosts with the same value of the label; the name is null where there is no label. */
type Group = { readonly name: string | null; readonly hosts: readonly PlannedHost[] };
type Batch = { readonly name: string; readonly group: string | null; readonly hosts: readonly PlannedHost[] };

function arrange(hosts: readonly PlannedHost[], order: RolloutRules['order'], seed: string): readonly PlannedHost[] {
  if (order === 'listed') return hosts;
  if (order === 'name') return hosts.toSorted((a, b) => compare(a.name, b.name));
  const places = new Map(hosts.map(({ name }) => [name, hashOf(`${seed} ${name}`)]));
  const placeOf = (host: PlannedHost): number => places.get(host.name) ?? 0;
  return hosts.toSorted((a, b) => placeOf(a) - placeOf(b) || compare(a.name, b.name));
}

function canariesOf(hosts: readonly PlannedHost[], canary: RolloutRules['canary']): readonly PlannedHost[] {
  if (canary === null) return [];
  if ('kind' in canary) return canary.value === 0 ? [] : hosts.slice(0, Math.max(1, countOf(canary, hosts.length)));
  const found = hosts.filter(({ name }) => canary.some((word) => globMatches(word, name)));
  if (found.length > 0) return found;
  throw new RejectedError('NO_HOST_MATCHED', `no host of the target is a canary (${canary.join(', ')})`, {
    hint: 'name a host of the target, or give a number, e.g.  --canary 1',
  });
}

function groupBy(hosts: readonly PlannedHost[], label: string): readonly Group[] {
  const groups = Map.groupBy(hosts, ({ labels }) => labels.get(label) ?? null);
  return [...groups].map(([value, members]) => ({
    name: value === null ? `no ${label}` : `${label}=${value}`,
    hosts: members,
  }));
}

function split(
  hosts: readonly PlannedHost[],
  sizes: readonly Size[],
  total: number,
): readonly (readonly PlannedHost[])[] {
  const batches: (readonly PlannedHost[])[] = [];
  let start = 0;
  while (start < hosts.length) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)];
    const count = size === undefined ? hosts.length : Math.max(1, countOf(size, total));
    batches.push(hosts.slice(start, start + count));
    start += count;
  }
  return batches;
}

function canaryBatches(groups: readonly Group[], canaries: ReadonlySet<PlannedHost>): readonly Batch[] {
  const parts = groups
    .map(({ name, hosts }) => ({ group: name, hosts: hosts.filter((host) => canaries.has(host)) }))
    .filter(({ hosts }) => hosts.length > 0);
  return parts.map((part) => ({ ...part, name: parts.length === 1 ? 'canary' : `canary ${part.group ?? ''}` }));
}

/** Numbered throughout; where a label has several, within it. */
function named({ name: group }: Group, batches: readonly (readonly PlannedHost[])[]): readonly Batch[] {
  return batches.map((hosts, index) => {
    if (group === null) return { name: String(index + 1), group, hosts };
    return { name: batches.length === 1 ? group : `${group} ${index + 1}`, group, hosts };
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** FNV-1a, to shuffle and no more. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
