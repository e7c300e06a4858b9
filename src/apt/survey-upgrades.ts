import * as z from 'zod';
import type { Failure } from '../core/outcome.ts';
import type { Work } from '../core/step.ts';
import { policyArgv } from './argv.ts';
import { compareVersions } from './compare-versions.ts';
import { isHeld } from './package-state.ts';
import { parsePackageFiles, type PackageFile } from './parse-package-files.ts';
import { parsePolicy, type PackagePolicy, type PolicyVersion } from './parse-policy.ts';
import { runChecked } from './run-checked.ts';
import { isSecurityOrigin } from './security-origin.ts';
import { simulate } from './simulate.ts';
import { findPackage, packageKey, type Snapshot } from './snapshot.ts';

export const availableUpgradeSchema = z.strictObject({
  package: z.string().max(256),
  arch: z.string().max(64),
  from: z.string().max(256),
  to: z.string().max(256),
  origin: z.string().max(512).nullable(),
  /** A security archive has something newer than what is installed, be it older than `to`. */
  security: z.boolean(),
  /** What keeps apt from upgrading it even with all means. */
  obstacle: z.enum(['held', 'phased', 'dependency']).nullable(),
});
export type AvailableUpgrade = Readonly<z.infer<typeof availableUpgradeSchema>>;

/**
 * Every installed package of which the host's lists have something newer that its preferences would choose, whether
 * or not anything keeps it back. As old as the lists are.
 */
export function* surveyUpgrades(now: Snapshot): Work<readonly AvailableUpgrade[] | Failure> {
  const operation = { verb: 'dist-upgrade', operands: [], preferences: null, ranksReleases: false } as const;
  const simulated = yield* simulate(operation, now);
  if (simulated.failure !== null) return simulated.failure;
  const upgrades: readonly Upgrade[] = [
    ...simulated.changes.flatMap(({ package: name, arch, from, to }) =>
      from === null || to === null || from === to ? [] : [{ name, arch, from, to, keptBack: false, phased: false }],
    ),
    ...simulated.keptBack.map((kept) => ({ ...kept, arch: kept.arch ?? now.nativeArch, keptBack: true })),
  ];
  if (upgrades.length === 0) return [];
  const keys = upgrades.map(({ name, arch }) => packageKey(name, arch, now.nativeArch));
  const policies = parsePolicy(yield* runChecked(policyArgv(keys)));
  const origins = originsBySource(parsePackageFiles(yield* runChecked(policyArgv([]))));
  const byKey = new Map(policies.map((policy) => [`${policy.name}:${policy.arch ?? now.nativeArch}`, policy]));
  return upgrades
    .map((upgrade, index) => describeUpgrade(upgrade, { now, origins, policy: byKey.get(keys[index] ?? '') }))
    .toSorted((a, b) => (a.package < b.package ? -1 : 1));
}

type Upgrade = {
  readonly name: string;
  readonly arch: string;
  readonly from: string;
  readonly to: string;
  readonly keptBack: boolean;
  readonly phased: boolean;
};

type Surroundings = {
  readonly now: Snapshot;
  readonly origins: ReadonlyMap<string, string>;
  readonly policy: PackagePolicy | undefined;
};

function describeUpgrade(upgrade: Upgrade, { now, origins, policy }: Surroundings): AvailableUpgrade {
  const { name, arch, from, to } = upgrade;
  const originOf = ({ sources }: PolicyVersion): string =>
    [...new Set(sources.flatMap((source) => origins.get(source) ?? []))].join(', ');
  const versions = policy?.versions ?? [];
  const candidate = versions.find(({ version }) => version === to);
  const newer = versions.filter(
    ({ version }) => compareVersions(version, from) > 0 && compareVersions(version, to) <= 0,
  );
  const state = findPackage(now, name, arch);
  const waits = upgrade.phased || candidate?.phased === true ? 'phased' : 'dependency';
  return {
    package: name,
    arch: state?.arch ?? arch,
    from,
    to,
    origin: candidate === undefined ? null : originOf(candidate).slice(0, 512) || null,
    security: newer.some((version) => isSecurityOrigin(originOf(version))),
    obstacle: upgrade.keptBack ? (isHeld(state) ? 'held' : waits) : null,
  };
}

/** apt's own words for each index: `Label:Version/Archive`. */
function originsBySource(files: readonly PackageFile[]): ReadonlyMap<string, string> {
  const named = files.filter(({ release }) => release.get('a') !== 'now');
  return new Map(
    named.map(({ source, release }) => {
      const place = [release.get('v'), release.get('a')].filter((part) => part !== undefined).join('/');
      return [source, [release.get('l') ?? release.get('o'), place].filter((part) => part !== undefined).join(':')];
    }),
  );
}
