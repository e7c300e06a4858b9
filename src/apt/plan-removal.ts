import type { Failure } from '../core/outcome.ts';
import { parsePackageArgument } from '../core/package-name.ts';
import type { Work } from '../core/step.ts';
import { EMPTY_TRANSACTION } from '../core/transaction.ts';
import { isOnlyConfiguration, isPresent, type PackageState } from './package-state.ts';
import type { Plan, WantedState } from './plan.ts';
import { refuseEssential } from './judge-plan.ts';
import { simulate } from './simulate.ts';
import { findPackage, packageKey, type Snapshot } from './snapshot.ts';

export type RemovalRequest = { readonly name: string; readonly arch: string };

/** A name without an architecture is the native package or, where there is none, that of every other architecture. */
export function removalRequests(packages: readonly string[], now: Snapshot): readonly RemovalRequest[] {
  return packages.map(parsePackageArgument).flatMap(({ name, arch }): readonly RemovalRequest[] => {
    if (arch !== null || findPackage(now, name, now.nativeArch) !== null)
      return [{ name, arch: arch ?? now.nativeArch }];
    const foreign = [...now.packages.values()].filter((state) => state.name === name);
    return foreign.length > 0 ? foreign : [{ name, arch: now.nativeArch }];
  });
}

/** Those that are there to be removed; with `purge` also what left only its configuration. */
export function removable(packages: readonly string[], purge: boolean, now: Snapshot): readonly PackageState[] {
  const states = removalRequests(packages, now).map(({ name, arch }) => findPackage(now, name, arch));
  return states
    .filter((state) => state !== null)
    .filter((state) => isPresent(state) || (purge && isOnlyConfiguration(state)));
}

export function* planRemoval(packages: readonly string[], purge: boolean, now: Snapshot): Work<Plan | Failure> {
  const going = removable(packages, purge, now);
  const wanted = going.map(({ name, arch }): WantedState => ({ name, arch, state: purge ? 'purged' : 'removed' }));
  const idle = { operation: null, transaction: EMPTY_TRANSACTION, marks: [], wanted, essential: [] };
  if (going.length === 0) return idle;

  const essential = going.filter((state) => state.essential).map(({ name }) => name);
  if (essential.length > 0) return refuseEssential(essential);
  const operation = {
    verb: purge ? 'purge' : 'remove',
    operands: going.map(({ name, arch }) => packageKey(name, arch, now.nativeArch)),
    preferences: null,
    ranksReleases: false,
  } as const;
  const simulated = yield* simulate(operation, now);
  if (simulated.failure !== null) return simulated.failure;
  const transaction = { changes: simulated.changes, keptBack: [] };
  return { ...idle, operation, transaction, essential: simulated.essential };
}
