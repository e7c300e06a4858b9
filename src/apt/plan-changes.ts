import type { PackageChange } from '../core/transaction.ts';
import { changeAction, sortChanges } from './change-action.ts';
import { presentVersion } from './package-state.ts';
import type { SimulatedInstall, SimulatedRemoval, Simulation } from './parse-simulation.ts';
import { isSecurityOrigin } from './security-origin.ts';
import { findPackage, packageKey, type Snapshot } from './snapshot.ts';

/**
 * The net effect of a simulation on a host: one change per package, also where apt takes a package off and puts it on
 * again on the way. Configuring what an earlier job left half done is no part of it: that is recovery.
 */
export function planChanges(simulation: Simulation, now: Snapshot): readonly PackageChange[] {
  const changes = new Map<string, PackageChange>();
  const set = (change: PackageChange): void => {
    changes.set(packageKey(change.package, change.arch, now.nativeArch), change);
  };
  for (const removal of simulation.removals) set(planRemoval(removal, now));
  for (const install of simulation.installs) set(planInstall(install, now));
  return sortChanges([...changes.values()]);
}

const NO_ORIGIN = { origin: null, security: false } as const;

function planRemoval({ name, arch, purge }: SimulatedRemoval, now: Snapshot): PackageChange {
  const state = findPackage(now, name, arch ?? now.nativeArch);
  return {
    package: name,
    arch: state?.arch ?? arch ?? now.nativeArch,
    action: purge ? 'purge' : 'remove',
    from: presentVersion(state),
    to: null,
    ...NO_ORIGIN,
  };
}

function planInstall({ name, arch, to, origin }: SimulatedInstall, now: Snapshot): PackageChange {
  const state = findPackage(now, name, arch);
  const from = presentVersion(state);
  return {
    package: name,
    arch,
    action: changeAction(from, to),
    from,
    to,
    origin: origin === '' ? null : origin.slice(0, 512),
    security: isSecurityOrigin(origin),
  };
}
