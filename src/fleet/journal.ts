import { readIfThere } from '../host/read-if-there.ts';
import { MOST_HEADS, type HostHead, type JournalEvent } from '../audit/journal-event.ts';
import { lockConfig } from '../config/config-lock.ts';
import type { FleetConfig } from '../config/fleet-config.ts';
import type { JournalHead } from '../core/chain-head.ts';
import type { Clock } from '../core/clock.ts';
import { CelerootError, ConfigError, messageOf } from '../core/errors.ts';
import type { RunId } from '../core/ids.ts';
import { openChainFile, repairEvents } from '../host/chain-file.ts';

/** The controller's journal: what was ordered here, by whom, each line bound to the one before. */
export type Journal = {
  readonly file: string;
  /**
   * Writes down what is about to be done; it is on disk when this resolves. The time is taken while the journal is
   * held, so that whoever writes later has a later one.
   * @throws ConfigError JOURNAL_UNUSABLE; then it is not to be done.
   */
  readonly add: (event: (at: number) => JournalEvent) => Promise<{ readonly at: number; readonly log: JournalHead }>;
};

export function journalOf({ journalFile, fleet }: Pick<FleetConfig, 'journalFile' | 'fleet'>, clock: Clock): Journal {
  const begun: JournalEvent = { kind: 'journal-begun', fleet };
  return {
    file: journalFile,
    add: async (event) => {
      try {
        await using _lock = await lockConfig(journalFile);
        const { file, found } = await openChainFile<JournalEvent>(journalFile);
        await using chain = file;
        const at = clock.now();
        const begins = found.isNew ? [begun] : [];
        for (const each of [...begins, ...repairEvents(found), event(at)]) await chain.append({ at, event: each });
        return { at, log: { journal: chain.id(), ...chain.head() } };
      } catch (error) {
        throw error instanceof CelerootError ? error : unusable(journalFile, error);
      }
    },
  };
}

/** The text of the journal; empty when there is none yet. @throws ConfigError JOURNAL_UNUSABLE. */
export async function readJournal({ journalFile }: Pick<FleetConfig, 'journalFile'>): Promise<string> {
  try {
    return (await readIfThere(journalFile)) ?? '';
  } catch (error) {
    throw unusable(journalFile, error);
  }
}

/** Writes down heads of hosts' logs that were in reports of a run. @throws ConfigError JOURNAL_UNUSABLE. */
export async function recordSeen(journal: Journal, run: RunId, heads: readonly HostHead[]): Promise<void> {
  for (let from = 0; from < heads.length; from += MOST_HEADS) {
    await journal.add(() => ({ kind: 'seen', run, heads: heads.slice(from, from + MOST_HEADS) }));
  }
}

function unusable(file: string, cause: unknown): ConfigError {
  return new ConfigError('JOURNAL_UNUSABLE', `cannot use the journal ${file}: ${messageOf(cause)}`, {
    hint: 'nothing is ordered that is not written down; free some space, or name another file with  journal:',
    cause,
  });
}
