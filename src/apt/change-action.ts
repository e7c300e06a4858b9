import type { ChangeAction, PackageChange } from '../core/transaction.ts';
import { compareVersions } from './compare-versions.ts';

/** What it is called when version `from` (null: none) makes place for `to`. */
export function changeAction(from: string | null, to: string): ChangeAction {
  if (from === null) return 'install';
  const order = compareVersions(from, to);
  if (order === 0) return 'reinstall';
  return order < 0 ? 'upgrade' : 'downgrade';
}

/** By package, then architecture, as transactions are everywhere. */
export function sortChanges(changes: readonly PackageChange[]): readonly PackageChange[] {
  return changes.toSorted((a, b) => compareText(a.package, b.package) || compareText(a.arch, b.arch));
}

/** By code unit, so that the order is the same on every host whatever its locale. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
