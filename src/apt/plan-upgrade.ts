import { globMatches } from '../core/glob.ts';
import type { Failure } from '../core/outcome.ts';
import { readText, writeScratch, type Work } from '../core/step.ts';
import type { KeptBack, PackageChange } from '../core/transaction.ts';
import { policyArgv, type AptOperation } from './argv.ts';
import { composePreferences, excludeRecord, rankBelowSecurity } from './compose-preferences.ts';
import { parsePackageFiles } from './parse-package-files.ts';
import { wantedBy, type Plan } from './plan.ts';
import { runChecked } from './run-checked.ts';
import { simulate } from './simulate.ts';
import type { Snapshot } from './snapshot.ts';
import { surveyUpgrades, type AvailableUpgrade } from './survey-upgrades.ts';

export type UpgradeRequest = {
  /** `safe` never removes anything; `full` may, to get further. */
  readonly mode: 'safe' | 'full';
  readonly securityOnly: boolean;
  /** Patterns of packages to leave as they are. */
  readonly exclude: readonly string[];
};

/** Everything that may be upgraded, with what is kept back and why. */
export function* planUpgrade(request: UpgradeRequest, now: Snapshot): Work<Plan | Failure> {
  const available = yield* surveyUpgrades(now);
  if ('kind' in available) return available;
  const ranks = request.securityOnly ? rankBelowSecurity(parsePackageFiles(yield* runChecked(policyArgv([])))) : [];
  let excluded = request.exclude;
  for (;;) {
    const operation = yield* upgradeOperation(request, [...excluded.map(excludeRecord), ...ranks]);
    const simulated = yield* simulate(operation, now);
    if (simulated.failure !== null) return simulated.failure;
    // An administrator's record for one package outranks ours for all; naming the package as excluded settles it.
    const strays = request.securityOnly ? simulated.changes.filter((change) => isStray(change, excluded)) : [];
    if (strays.length > 0) {
      excluded = [...excluded, ...strays.map((change) => change.package)];
      continue;
    }
    const changes = simulated.changes.map((change) => ({ ...change, security: isSecurity(change, available) }));
    const transaction = { changes, keptBack: keptBack(request, available, changes) };
    return {
      operation: changes.length === 0 ? null : operation,
      transaction,
      marks: [],
      wanted: wantedBy(transaction),
      essential: simulated.essential,
    };
  }
}

function* upgradeOperation(request: UpgradeRequest, records: readonly string[]): Work<AptOperation> {
  const verb = request.mode === 'safe' ? 'upgrade' : 'dist-upgrade';
  if (records.length === 0) return { verb, operands: [], preferences: null, ranksReleases: false };
  const administrators = (yield* readText('/etc/apt/preferences')) ?? '';
  const preferences = yield* writeScratch('preferences', composePreferences(records, administrators));
  return { verb, operands: [], preferences, ranksReleases: request.securityOnly };
}

function isStray(change: PackageChange, excluded: readonly string[]): boolean {
  const replaces = change.from !== null && change.to !== null && change.from !== change.to;
  return replaces && !change.security && !excluded.includes(change.package);
}

function isSecurity(change: PackageChange, available: readonly AvailableUpgrade[]): boolean {
  return change.security || (change.to !== null && findUpgrade(change, available)?.security === true);
}

function findUpgrade(change: PackageChange, available: readonly AvailableUpgrade[]): AvailableUpgrade | undefined {
  return available.find((upgrade) => upgrade.package === change.package && upgrade.from === change.from);
}

function keptBack(
  request: UpgradeRequest,
  available: readonly AvailableUpgrade[],
  changes: readonly PackageChange[],
): readonly KeptBack[] {
  const taken = new Set(changes.map((change) => `${change.package} ${change.from}`));
  return available
    .filter((upgrade) => !taken.has(`${upgrade.package} ${upgrade.from}`))
    .map((upgrade) => ({
      package: upgrade.package,
      from: upgrade.from,
      to: upgrade.to,
      reason: reasonFor(request, upgrade),
    }));
}

function reasonFor({ exclude, securityOnly }: UpgradeRequest, upgrade: AvailableUpgrade): KeptBack['reason'] {
  if (upgrade.obstacle === 'held') return 'held';
  if (exclude.some((pattern) => globMatches(pattern, upgrade.package))) return 'excluded';
  if (securityOnly && !upgrade.security) return 'not-security';
  return upgrade.obstacle ?? 'dependency';
}
