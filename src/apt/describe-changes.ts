import type { ChangeAction, PackageChange } from '../core/transaction.ts';

/** One line for a table: the packages while they are few, else how many of what. Named packages come first. */
export function describeChanges(changes: readonly PackageChange[], named: readonly string[]): string {
  if (changes.length > MAX_LISTED) return countActions(changes);
  const isNamed = (change: PackageChange): boolean => named.includes(change.package);
  const ordered = [...changes.filter(isNamed), ...changes.filter((change) => !isNamed(change))];
  return ordered.map(describeChange).join(', ');
}

const MAX_LISTED = 3;

function describeChange({ package: name, action, to }: PackageChange): string {
  if (action === 'install' || action === 'upgrade') return `${name} ${to}`;
  return action === 'downgrade' ? `${name} downgraded to ${to}` : `${name} ${PAST[action]}`;
}

/** `4 upgraded, 1 removed`, in the order of PAST. */
export function countActions(changes: readonly PackageChange[]): string {
  const counts = new Map<string, number>();
  for (const { action } of changes) counts.set(PAST[action], (counts.get(PAST[action]) ?? 0) + 1);
  return Object.values(PAST)
    .flatMap((word) => (counts.has(word) ? `${counts.get(word)} ${word}` : []))
    .join(', ');
}

const PAST: Readonly<Record<ChangeAction, string>> = {
  upgrade: 'upgraded',
  install: 'installed',
  downgrade: 'downgraded',
  reinstall: 'reinstalled',
  configure: 'configured',
  remove: 'removed',
  purge: 'purged',
};
