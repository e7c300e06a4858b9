import type { Failure } from '../core/outcome.ts';
import { parsePackageArgument, type PackageArgument } from '../core/package-name.ts';
import type { Work } from '../core/step.ts';
import { EMPTY_TRANSACTION, type PackageChange } from '../core/transaction.ts';
import { explainMissing } from './explain-missing.ts';
import { isInstalled } from './package-state.ts';
import type { Plan, WantedState } from './plan.ts';
import { simulate } from './simulate.ts';
import { findPackage, packageKey, type Snapshot } from './snapshot.ts';

/** A package to install, its architecture settled. */
export type InstallRequest = PackageArgument & { readonly arch: string };

export function installRequests(packages: readonly string[], now: Snapshot): readonly InstallRequest[] {
  return packages.map(parsePackageArgument).map((request) => ({ ...request, arch: request.arch ?? now.nativeArch }));
}

/** Nothing is left to do for it: installed, in the version asked for, and not only as somebody's dependency. */
export function isSettled(request: InstallRequest, now: Snapshot): boolean {
  return isThere(request, now) && !now.autoMarks.has(keyOf(request, now));
}

/**
 * Asks apt for what is missing only, because naming a package that is there would upgrade it; with `latest` that is
 * what is meant. Those that are there as dependencies get marked as wanted, as apt-get does with what it is named.
 */
export function* planInstallation(
  requests: readonly InstallRequest[],
  latest: boolean,
  now: Snapshot,
): Work<Plan | Failure> {
  const asked = requests.filter((request) => !isThere(request, now) || (latest && request.version === null));
  const marks = requests.map((request) => keyOf(request, now)).filter((key) => now.autoMarks.has(key));
  const idle = { operation: null, transaction: EMPTY_TRANSACTION, marks, essential: [] };
  if (asked.length === 0) return { ...idle, wanted: requests.map((request) => wantedFor(request, [])) };

  const operands = asked.map(
    (request) => keyOf(request, now) + (request.version === null ? '' : `=${request.version}`),
  );
  const operation = { verb: 'install', operands, preferences: null, ranksReleases: false } as const;
  const simulated = yield* simulate(operation, now);
  if (simulated.failure !== null) return (yield* explainMissing(asked, now.nativeArch)) ?? simulated.failure;

  const { changes, essential } = simulated;
  // In place of a virtual package apt installs its only provider, which nobody asked for by that name.
  const replaced = asked.filter((request) => !isThere(request, now) && changeFor(request, changes) === undefined);
  if (replaced.length > 0) return (yield* explainMissing(replaced, now.nativeArch)) ?? notPlanned(replaced);
  const wanted = requests.map((request) => wantedFor(request, changes));
  return changes.length === 0
    ? { ...idle, wanted }
    : { operation, transaction: { changes, keptBack: [] }, marks, wanted, essential };
}

function isThere({ name, arch, version }: InstallRequest, now: Snapshot): boolean {
  const found = findPackage(now, name, arch);
  return isInstalled(found) && (version === null || found?.version === version);
}

/** The version apt chose, so that an upgrade that fails is not taken for success; any when it is to stay. */
function wantedFor(request: InstallRequest, changes: readonly PackageChange[]): WantedState {
  const version = request.version ?? changeFor(request, changes)?.to ?? null;
  return { name: request.name, arch: request.arch, state: 'installed', version };
}

function changeFor({ name, arch }: InstallRequest, changes: readonly PackageChange[]): PackageChange | undefined {
  return changes.find((change) => change.package === name && (change.arch === arch || change.arch === 'all'));
}

function keyOf({ name, arch }: InstallRequest, now: Snapshot): string {
  return packageKey(name, arch, now.nativeArch);
}

function notPlanned(requests: readonly InstallRequest[]): Failure {
  return {
    kind: 'no_candidate',
    message: `apt would install something else than ${requests.map(({ name }) => name).join(', ')}`,
    hint: 'look on the host with: apt-get -s install NAME',
  };
}
