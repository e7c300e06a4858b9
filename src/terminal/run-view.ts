import type { Report } from '../core/report.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import type { RunSummary } from '../core/run-state.ts';

/**
 * Why nobody looks any longer: all jobs have ended, only those of offline hosts are left, the reader left, or a roll-out
 * stopped or was paused.
 */
export type FollowEnd = 'ended' | 'only-offline' | 'detached' | 'stopped' | 'paused';

/** Shows a run while it goes on: as a live view, as lines, or as JSON. */
export type RunView = AsyncDisposable & {
  /** Called with every batch of reports, and about once a second without any. */
  readonly update: (snapshot: RunSnapshot, fresh: readonly Report[]) => void;
  /** How the roll-out stands, in a line for people and as data. */
  readonly note: (text: string, data: unknown) => void;
  readonly finish: (snapshot: RunSnapshot, end: FollowEnd) => void;
};

/** `2 of 3 done, 1 failed`. */
export function summaryText(summary: RunSummary): string {
  const notable = NOTABLE.flatMap((status) => {
    const count = summary.counts[status] ?? 0;
    return count === 0 ? [] : [`${count} ${status}`];
  });
  return [`${summary.ended} of ${summary.total} done`, ...notable].join(', ');
}

const NOTABLE = ['changed', 'failed', 'refused', 'expired', 'cancelled', 'lost'] as const;
