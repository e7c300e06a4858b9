import type { Transaction } from '../core/transaction.ts';
import type { AptOperation } from './argv.ts';
import { findPackage, type Snapshot } from './snapshot.ts';
import { isInstalled, isPresent } from './package-state.ts';

/** How a job means to get to what it was asked for. */
export type Plan = {
  /** Null when there is nothing for apt to do. */
  readonly operation: AptOperation | null;
  readonly transaction: Transaction;
  /** `name:arch` of packages to mark as wanted for their own sake. */
  readonly marks: readonly string[];
  /** What must hold in the end, whatever apt's exit code says. */
  readonly wanted: readonly WantedState[];
  /** Names apt counts as essential and would remove. */
  readonly essential: readonly string[];
};

/** `version` null: any. */
export type WantedState = { readonly name: string; readonly arch: string } & (
  | { readonly state: 'installed'; readonly version: string | null }
  | { readonly state: 'removed' | 'purged' }
);

export function isReached(wanted: WantedState, snapshot: Snapshot): boolean {
  const found = findPackage(snapshot, wanted.name, wanted.arch);
  switch (wanted.state) {
    case 'installed':
      return isInstalled(found) && (wanted.version === null || found?.version === wanted.version);
    case 'removed':
      return !isPresent(found);
    case 'purged':
      return found === null || found.state.charAt(1) === 'n';
  }
}

/** One wanted state for each change, for jobs that want exactly their transaction. */
export function wantedBy({ changes }: Transaction): readonly WantedState[] {
  return changes.map(({ package: name, arch, action, to }): WantedState => {
    if (to !== null) return { name, arch, state: 'installed', version: to };
    return { name, arch, state: action === 'purge' ? 'purged' : 'removed' };
  });
}
