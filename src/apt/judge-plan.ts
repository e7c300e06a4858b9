import { globMatches } from '../core/glob.ts';
import type { Failure } from '../core/outcome.ts';
import type { PackageChange } from '../core/transaction.ts';
import { isHeld } from './package-state.ts';
import type { Plan } from './plan.ts';
import { findPackage, packageKey, type Snapshot } from './snapshot.ts';

/** What an order allows beyond installing and upgrading. All but the patterns are `name` or `name:arch`. */
export type Permissions = {
  /** Packages that may go: those to remove, and those named with `--allow-remove`. */
  readonly remove: readonly string[];
  readonly downgrade: readonly string[];
  /** Patterns of packages that may only change when they are in `named`. */
  readonly exclude: readonly string[];
  readonly named: readonly string[];
  /** Patterns of packages that nothing may change, whatever is named: the word of the host's owner. */
  readonly deny: readonly string[];
};

/** Why a plan must not be carried out, by the first rule it breaks; null when it may be. */
export function judgePlan(plan: Plan, permissions: Permissions, now: Snapshot): Failure | null {
  for (const { offends, failure } of rules(plan, permissions, now)) {
    const offenders = plan.transaction.changes.filter(offends);
    if (offenders.length > 0) return failure(offenders);
  }
  return null;
}

export function refuseEssential(names: readonly string[]): Failure {
  return {
    kind: 'essential',
    message: `would remove what the host cannot do without: ${names.join(', ')}`,
    hint: 'celeroot never removes essential or protected packages',
  };
}

export function isDenied(name: string, deny: readonly string[]): boolean {
  return deny.some((pattern) => globMatches(pattern, name));
}

type Rule = {
  readonly offends: (change: PackageChange) => boolean;
  readonly failure: (offenders: readonly PackageChange[]) => Failure;
};

function rules(plan: Plan, permissions: Permissions, now: Snapshot): readonly Rule[] {
  const keyOf = (change: PackageChange): string => packageKey(change.package, change.arch, now.nativeArch);
  const stateOf = (change: PackageChange): ReturnType<typeof findPackage> =>
    findPackage(now, change.package, change.arch);
  /** As somebody would type it: the architecture only where it is not the native one. */
  const nameOf = (change: PackageChange): string =>
    keyOf(change).endsWith(`:${now.nativeArch}`) ? change.package : keyOf(change);
  const isNamed = (change: PackageChange, selectors: readonly string[]): boolean =>
    selectors.includes(change.package) || selectors.includes(keyOf(change));
  const removes = ({ from, to }: PackageChange): boolean => from !== null && to === null;
  return [
    {
      offends: (change) => isDenied(change.package, permissions.deny),
      failure: (offenders) => ({
        kind: 'denied',
        message: `would change packages that the policy of this host denies: ${offenders.map(nameOf).join(', ')}`,
        hint: 'leave them out; what this host denies is in its /etc/celeroot/policy.yaml',
      }),
    },
    {
      offends: (change) =>
        removes(change) && (plan.essential.includes(change.package) || stateOf(change)?.essential === true),
      failure: (offenders) => refuseEssential(offenders.map(nameOf)),
    },
    {
      offends: (change) => change.from !== change.to && isHeld(stateOf(change)),
      failure: (offenders) => ({
        kind: 'held',
        message: `would change packages that the administrator holds: ${offenders.map(nameOf).join(', ')}`,
        hint: `release them on the host with: apt-mark unhold ${offenders.map(nameOf).join(' ')}`,
      }),
    },
    {
      offends: (change) => removes(change) && !isNamed(change, permissions.remove),
      failure: (offenders) => ({
        kind: 'removal_not_allowed',
        message: `would remove ${offenders.map(nameOf).join(', ')}`,
        hint: `if that is meant, add: --allow-remove ${offenders.map(nameOf).join(',')}`,
      }),
    },
    {
      offends: (change) => change.action === 'downgrade' && !isNamed(change, permissions.downgrade),
      failure: (offenders) => ({
        kind: 'downgrade_not_allowed',
        message: `would downgrade ${offenders.map((one) => `${nameOf(one)} from ${one.from} to ${one.to}`).join(', ')}`,
        hint: `if that is meant, add: --allow-downgrade ${offenders.map(nameOf).join(',')}`,
      }),
    },
    {
      offends: (change) =>
        change.from !== null &&
        change.from !== change.to &&
        !isNamed(change, permissions.named) &&
        permissions.exclude.some((pattern) => globMatches(pattern, change.package)),
      failure: (offenders) => ({
        kind: 'excluded',
        message: `would change packages that are excluded here: ${offenders.map(nameOf).join(', ')}`,
        hint: 'name them among the packages to install, or take them out of the role’s exclude',
      }),
    },
  ];
}
