import type { ChainHead, JournalHead } from '../core/chain-head.ts';
import type { RunId } from '../core/ids.ts';
import { hostNameSchema, type HostName } from '../core/names.ts';
import { checkText, digestOf, type CheckedChain } from './chain.ts';
import { journalEventSchema, type HostHead, type JournalEvent } from './journal-event.ts';

export type JournalLine = { readonly seq: number; readonly at: number; readonly event: JournalEvent };

type RunLine = Extract<JournalEvent, { kind: 'run' }> & { readonly seq: number; readonly at: number };

/** What the journal knows of a host's log. */
export type HostPast = {
  /** How far it was found whole, when that line was written, and the line of the journal that says so. */
  readonly verified: (ChainHead & { readonly at: number; readonly seq: number }) | null;
  /** Heads that reports bore. */
  readonly seen: readonly (ChainHead & { readonly run: RunId })[];
};

/** A journal as it is read: what it says, and whether it holds. */
export type JournalView = {
  readonly chain: CheckedChain;
  /** The lines that can be read. */
  readonly lines: readonly JournalLine[];
  /** SHA-256 of every line, the first one's at 0. */
  readonly digests: readonly string[];
  readonly runs: ReadonlyMap<RunId, RunLine>;
  /** Keys that signed what it says was ordered. */
  readonly keys: ReadonlySet<string>;
  readonly past: (host: HostName) => HostPast;
  /** The last line that says that an operator knows why something is so; 0 for none. */
  readonly acceptedAt: number;
  /** Whether an operator knows why a host remembers a journal so. */
  readonly isAccepted: (remembered: JournalHead) => boolean;
};

export function viewJournal(text: string): JournalView {
  const { links, ...chain } = checkText(text);
  const lines = links.flatMap((link) => {
    const event = journalEventSchema.safeParse(link?.event).data;
    return link === null || event === undefined ? [] : [{ seq: link.seq, at: link.at, event }];
  });
  const runs = new Map(
    lines.flatMap(({ seq, at, event }): [RunId, RunLine][] =>
      event.kind === 'run' ? [[event.run, { ...event, seq, at }]] : [],
    ),
  );
  const pasts = pastsIn(lines);
  const accepted = new Set(
    lines.flatMap(({ event }) => (event.kind === 'findings-accepted' ? event.journals.map(nameOf) : [])),
  );
  return {
    chain,
    lines,
    digests: text.split('\n').slice(0, -1).map(digestOf),
    runs,
    keys: new Set([...runs.values()].map(({ key }) => key)),
    past: (host) => pasts.get(host) ?? NO_PAST,
    acceptedAt: lines.findLast(({ event }) => event.kind === 'findings-accepted')?.seq ?? 0,
    isAccepted: (remembered) => accepted.has(nameOf(remembered)),
  };
}

function nameOf({ journal, size, head }: JournalHead): string {
  return `${journal} ${size} ${head}`;
}

const NO_PAST: HostPast = { verified: null, seen: [] };

function pastsIn(lines: readonly JournalLine[]): ReadonlyMap<HostName, HostPast> {
  const pasts = new Map<HostName, HostPast>();
  const change = (host: HostName, how: (past: HostPast) => HostPast): void => {
    pasts.set(host, how(pasts.get(host) ?? NO_PAST));
  };
  for (const { seq, event } of lines) {
    if (event.kind === 'host') changeHost(pasts, event);
    if (event.kind === 'seen') {
      for (const head of event.heads) change(head.host, (past) => withSeen(past, head, event.run));
    }
    if (event.kind === 'verified' || event.kind === 'findings-accepted') {
      for (const { host, ...verified } of event.heads) {
        change(host, ({ seen }) => ({
          verified: { ...verified, seq },
          seen: seen.filter((each) => each.size > verified.size),
        }));
      }
    }
  }
  return pasts;
}

/** What was seen of a machine says nothing about the one that takes its place; one with another name or key keeps its log. */
function changeHost(
  pasts: Map<HostName, HostPast>,
  { host, what, detail }: Extract<JournalEvent, { kind: 'host' }>,
): void {
  if (what === 'accepted' || what === 'rotated') return;
  const past = pasts.get(host);
  pasts.delete(host);
  const next = what === 'renamed' ? hostNameSchema.safeParse(detail).data : undefined;
  if (next !== undefined && past !== undefined) pasts.set(next, past);
}

function withSeen(past: HostPast, { size, head }: HostHead, run: RunId): HostPast {
  return { ...past, seen: [...past.seen, { size, head, run }] };
}
