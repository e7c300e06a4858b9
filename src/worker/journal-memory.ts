import { readIfThere } from '../host/read-if-there.ts';
import { join } from 'node:path';
import * as z from 'zod';
import { rememberedJournalSchema, type JournalHead, type RememberedJournal } from '../core/chain-head.ts';
import { messageOf } from '../core/errors.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { writeDurably } from '../host/durable-file.ts';

/** Controllers come and go; more than this have never had a say on one host. */
const MOST_JOURNALS = 64;

const memorySchema = z.array(rememberedJournalSchema).max(MOST_JOURNALS);

/**
 * How far the journals went whose orders this host accepted, so that a controller's past cannot be changed without this
 * host noticing.
 */
export type JournalMemory = AsyncDisposable & {
  readonly all: () => readonly RememberedJournal[];
  /**
   * Takes in the head that an order brought. Returns what was known when that cannot be a journal that only grows:
   * another line at the same place, or a shorter one in an order issued later.
   */
  readonly take: (came: RememberedJournal) => JournalHead | null;
};

/**
 * What is not on disk when the machine loses power is still in the audit log, with the orders that brought it; so
 * nobody waits for this file.
 */
export async function openJournalMemory(stateDir: string, log: (line: string) => void): Promise<JournalMemory> {
  const path = join(stateDir, 'journals.json');
  let known: readonly RememberedJournal[] = parseJsonAs(memorySchema, await readIfThere(path)) ?? [];
  let saved = known;
  let saving: Promise<void> | null = null;
  const save = async (): Promise<void> => {
    while (saved !== known) {
      saved = known;
      await writeDurably(path, `${JSON.stringify(known)}\n`).catch((error: unknown) => {
        log(`cannot keep what is known of journals: ${messageOf(error)}`);
      });
    }
    saving = null;
  };
  return {
    all: () => known,
    take: (came) => {
      const before = known.find(({ journal }) => journal === came.journal);
      if (before === undefined || came.size > before.size) {
        const others = known.filter((each) => each !== before);
        known = [came, ...others].toSorted((one, other) => other.issuedAt - one.issuedAt).slice(0, MOST_JOURNALS);
        saving ??= save();
        return null;
      }
      return wentBack(before, came) ? headOf(before) : null;
    },
    [Symbol.asyncDispose]: async () => {
      await saving;
    },
  };
}

/** Orders may come in another order than they were signed in. */
function wentBack(before: RememberedJournal, came: RememberedJournal): boolean {
  if (came.size === before.size) return came.head !== before.head;
  return came.issuedAt > before.issuedAt;
}

function headOf({ journal, size, head }: RememberedJournal): JournalHead {
  return { journal, size, head };
}
