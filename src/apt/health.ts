import type { PackageHealth } from '../core/outcome.ts';
import type { Work } from '../core/step.ts';
import { isBroken, isHeld } from './package-state.ts';
import { rebootReasons } from './reboot-reasons.ts';
import type { Snapshot } from './snapshot.ts';

/** How the host's packages stand, whether or not the job had anything to do with it. */
export function* assessHealth(snapshot: Snapshot): Work<PackageHealth> {
  const packages = [...snapshot.packages];
  const broken = packages.filter(([, state]) => isBroken(state));
  const held = packages.filter(([, state]) => isHeld(state)).map(([key]) => key);
  return {
    broken: broken.slice(0, 1000).map(([key, { state }]) => ({ package: key, state })),
    held: held.slice(0, 1000),
    rebootRequired: (yield* rebootReasons()).length > 0,
  };
}
