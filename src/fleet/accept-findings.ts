import { MOST_HEADS } from '../audit/journal-event.ts';
import type { HostName } from '../core/names.ts';
import type { Sender } from './dispatch-run.ts';
import type { VerifiedFleet } from './verify-fleet.ts';

/**
 * Writes into the journal that somebody knows why what was found is so: the next verification begins after it.
 * @throws ConfigError JOURNAL_UNUSABLE.
 */
export async function acceptFindings(
  { journal, by }: Pick<Sender, 'journal' | 'by'>,
  { hosts, strange }: VerifiedFleet,
  why: string,
): Promise<void> {
  const heads = hosts.flatMap(({ host, whole }) => (whole === null ? [] : [{ host, ...whole }]));
  const journals = strange.map(({ journal: id, size, head }) => ({ journal: id, size, head }));
  for (let from = 0; from < Math.max(heads.length, journals.length); from += MOST_HEADS) {
    await journal.add(() => ({
      kind: 'findings-accepted',
      why,
      by,
      heads: heads.slice(from, from + MOST_HEADS),
      journals: journals.slice(from, from + MOST_HEADS),
    }));
  }
}

/** Hosts of which the log does not hold in itself, so that nobody could go on from it; null is the journal. */
export function unacceptable({ view, hosts }: VerifiedFleet): readonly (HostName | null)[] {
  const broken = hosts.flatMap(({ host, whole }) => (whole === null ? [host] : []));
  return view.chain.broken === null ? broken : [null, ...broken];
}
