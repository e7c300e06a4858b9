import type { RememberedJournal } from '../core/chain-head.ts';
import type { HostName } from '../core/names.ts';
import type { ChainBreak } from './chain.ts';
import type { Finding } from './finding.ts';
import type { JournalView } from './journal-view.ts';

/** What a host remembers of journals. */
export type Witnessed = { readonly host: HostName; readonly journals: readonly RememberedJournal[] };

/** Holds the journal against itself, and against how far hosts remember that it went. */
export function verifyJournal(
  view: JournalView,
  witnesses: readonly Witnessed[],
  ownKeys: ReadonlySet<string>,
): Finding[] {
  const { broken } = view.chain;
  const inItself = broken === null ? [] : [journalFinding(broken, describeBreak(broken))];
  const repairs = view.lines.flatMap(({ seq, at, event }): Finding[] => {
    if (event.kind === 'line-repaired') return [{ ...NOTE, line: seq, at, what: 'journal-repaired', text: REPAIRED }];
    if (event.kind !== 'damage-found' || seq < view.acceptedAt) return [];
    return [
      journalFinding({ line: event.line, what: 'changed' }, `line ${event.line} could not be read at line ${seq}`),
    ];
  });
  const remembered = witnesses.flatMap(({ host, journals }) =>
    journals.flatMap((journal) => compareMemory(view, { host, journal, ownKeys })),
  );
  return [...inItself, ...repairs, ...remembered];
}

/** What hosts remember of journals that is not as it should be. */
export function strangeMemories(
  view: JournalView,
  witnesses: readonly Witnessed[],
  ownKeys: ReadonlySet<string>,
): readonly RememberedJournal[] {
  return witnesses.flatMap(({ host, journals }) =>
    journals.filter((journal) => compareMemory(view, { host, journal, ownKeys }).length > 0),
  );
}

const NOTE = { severity: 'note', host: null } as const;
const REPAIRED = 'the machine stopped while the line before was written; what was begun there was not ordered';

type Memory = { readonly host: HostName; readonly journal: RememberedJournal; readonly ownKeys: ReadonlySet<string> };

function compareMemory(view: JournalView, { host, journal, ownKeys }: Memory): Finding[] {
  const { size } = journal;
  if (view.isAccepted(journal)) return [];
  if (journal.journal === view.chain.id) return compareHead(view, journal, host);
  if (!ownKeys.has(journal.key)) return [];
  const text =
    `${host} remembers another journal of your key, ${journal.journal.slice(0, 12)}…, of ${size} lines: this one was ` +
    'begun anew, or the key is used elsewhere too';
  return [{ severity: 'changed', host: null, line: null, at: journal.issuedAt, what: 'journal-replaced', text }];
}

/** Whether the journal still goes as far as that, and through that line. */
export function compareHead(
  { digests }: JournalView,
  { size, head }: Pick<RememberedJournal, 'size' | 'head'>,
  host: HostName,
): Finding[] {
  if (size > digests.length) {
    const text = `${host} remembers ${size} lines, and there are ${digests.length}: the end was cut off`;
    return [journalFinding({ line: digests.length + 1, what: 'cut' }, text)];
  }
  if (digests[size - 1] === head) return [];
  return [
    journalFinding({ line: size, what: 'rewritten' }, `${host} remembers another line ${size}: it was rewritten`),
  ];
}

function journalFinding({ line, what }: ChainBreak, text: string): Finding {
  return { severity: 'changed', host: null, line, at: null, what: `journal-${what}`, text };
}

/** What a break means, in a sentence. */
export function describeBreak({ line, what }: ChainBreak): string {
  switch (what) {
    case 'changed':
      return `line ${line} was changed after it was written`;
    case 'cut':
      return `lines are missing from line ${line} on`;
    case 'added':
      return `line ${line} was added by somebody else`;
    case 'reordered':
      return `line ${line} is not in its place`;
    case 'rewritten':
      return `line ${line} is another than was seen before: the log was rewritten`;
    case 'torn':
      return `line ${line} has no end`;
  }
}
