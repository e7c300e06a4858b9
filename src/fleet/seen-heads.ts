import type { HostHead } from '../audit/journal-event.ts';
import type { HostName } from '../core/names.ts';
import type { Report } from '../core/report.ts';

/** The furthest head of each host's log among reports that are believed. */
export type SeenHeads = {
  readonly take: (reports: readonly Report[]) => void;
  readonly all: () => readonly HostHead[];
};

export function collectHeads(): SeenHeads {
  const heads = new Map<HostName, HostHead>();
  return {
    take: (reports) => {
      for (const { host, ledger } of reports) {
        if (ledger === undefined || ledger.size <= (heads.get(host)?.size ?? 0)) continue;
        heads.set(host, { host, ...ledger });
      }
    },
    all: () => [...heads.values()],
  };
}
