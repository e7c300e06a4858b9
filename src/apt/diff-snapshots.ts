import type { ChangeAction, PackageChange } from '../core/transaction.ts';
import { changeAction, sortChanges } from './change-action.ts';
import { isBroken, isPresent, needsReinstall, presentVersion, type PackageState } from './package-state.ts';
import { packageKey, type Snapshot } from './snapshot.ts';

/**
 * What really happened between two moments, by dpkg's own account. Where a version came from, and whether a package
 * was removed or purged when nothing of it is left either way, is taken over from what was planned.
 */
export function diffSnapshots(
  before: Snapshot,
  after: Snapshot,
  planned: readonly PackageChange[],
): readonly PackageChange[] {
  const keyOf = (change: PackageChange): string => packageKey(change.package, change.arch, after.nativeArch);
  const plannedByKey = new Map(planned.map((change) => [keyOf(change), change]));
  const changes: PackageChange[] = [];
  for (const key of new Set([...before.packages.keys(), ...after.packages.keys()])) {
    const pair = { was: before.packages.get(key) ?? null, is: after.packages.get(key) ?? null };
    const change = diffPackage(pair, plannedByKey.get(key) ?? null);
    if (change !== null) changes.push(change);
  }
  return sortChanges(changes);
}

type Pair = { readonly was: PackageState | null; readonly is: PackageState | null };

function diffPackage({ was, is }: Pair, planned: PackageChange | null): PackageChange | null {
  const subject = isPresent(is) ? is : was;
  if (subject === null) return null;
  const [from, to] = [presentVersion(was), presentVersion(is)];
  const action = to === null ? removalAction({ was, is }, planned) : installAction({ was, is }, planned);
  if (action === null) return null;
  const known = planned?.to === to ? planned : null;
  return {
    package: subject.name,
    arch: subject.arch,
    action,
    from,
    to,
    origin: known?.origin ?? null,
    security: known?.security ?? false,
  };
}

function removalAction({ was, is }: Pair, planned: PackageChange | null): ChangeAction | null {
  const gone = is === null || is.state.charAt(1) === 'n';
  if (isPresent(was)) return gone && planned?.action === 'purge' ? 'purge' : 'remove';
  return gone && was?.state.charAt(1) === 'c' ? 'purge' : null;
}

function installAction({ was, is }: Pair, planned: PackageChange | null): ChangeAction | null {
  const [from, to] = [presentVersion(was), presentVersion(is)];
  if (to === null) return null;
  if (from !== to) return changeAction(from, to);
  if (was === null || is === null || !isBroken(was) || isBroken(is)) return null;
  return needsReinstall(was) || planned?.action === 'reinstall' ? 'reinstall' : 'configure';
}
