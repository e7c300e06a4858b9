import type { Finding } from '../audit/finding.ts';
import { MOST_HEADS } from '../audit/journal-event.ts';
import { viewJournal, type JournalView } from '../audit/journal-view.ts';
import { verifyHost, type HostEvidence, type VerifiedHost } from '../audit/verify-host.ts';
import { strangeMemories, verifyJournal } from '../audit/verify-journal.ts';
import type { RememberedJournal } from '../core/chain-head.ts';
import type { HostName } from '../core/names.ts';
import { auditRead } from '../tasks/audit-read.ts';
import { whyNotAsked, type AskOptions } from './ask-hosts.ts';
import { readJournal, type Journal } from './journal.ts';
import { readAudits, type ReadFrom } from './read-audits.ts';

export type VerifyOptions = AskOptions & {
  readonly hosts: readonly HostName[];
  /** From the beginning of every log, not from where it was verified last. */
  readonly full: boolean;
};

/** What came of a verification. */
export type VerifiedFleet = {
  readonly view: JournalView;
  readonly findings: readonly Finding[];
  readonly hosts: readonly (VerifiedHost & Pick<HostEvidence, 'apt'>)[];
  /** What hosts remember of journals that is not as it should be. */
  readonly strange: readonly RememberedJournal[];
  /** Why the other hosts were not checked. */
  readonly unread: ReadonlyMap<HostName, string>;
};

/**
 * Reads the logs of hosts and holds them and the journal against each other. How far they were found whole goes into
 * the journal, so that the next time begins there.
 * @throws ConfigError JOURNAL_UNUSABLE, ConnectionError.
 */
export async function verifyFleet(options: VerifyOptions): Promise<VerifiedFleet> {
  const { fleet, hosts, sender, full } = options;
  const before = viewJournal(await readJournal(fleet));
  const closed = new Map(
    hosts.flatMap((host): [HostName, string][] => {
      const why = whyNotAsked(fleet, host, auditRead);
      return why === null ? [] : [[host, why]];
    }),
  );
  const allowed = hosts.filter((host) => !closed.has(host));
  const wanted = allowed.map((host) => (full ? { host, from: 1, since: null } : onward(before, host)));
  const { evidence, unread } = await readAudits(wanted, options);
  const view = viewJournal(await readJournal(fleet));
  const ownKeys = new Set([sender.key.id, ...view.keys]);
  const judged = evidence.map((each) => ({ ...verifyHost(each, { view, past: before.past, ownKeys }), apt: each.apt }));
  const inJournal = verifyJournal(view, evidence, ownKeys);
  await keepVerified(sender.journal, inJournal.some(isChange) ? [] : judged);
  return {
    view,
    findings: [...inJournal, ...judged.flatMap(({ findings }) => findings)],
    hosts: judged,
    strange: strangeMemories(view, evidence, ownKeys),
    unread: new Map([...closed, ...unread]),
  };
}

/** The line that was verified last comes again, to be the same. */
function onward(view: JournalView, host: HostName): ReadFrom {
  const { verified } = view.past(host);
  return verified === null ? { host, from: 1, since: null } : { host, from: verified.size, since: verified.at };
}

async function keepVerified(journal: Journal, hosts: readonly VerifiedHost[]): Promise<void> {
  const heads = hosts.flatMap(({ host, verified }) => (verified === null ? [] : [{ host, ...verified }]));
  for (let from = 0; from < heads.length; from += MOST_HEADS) {
    await journal.add(() => ({ kind: 'verified', heads: heads.slice(from, from + MOST_HEADS) }));
  }
}

function isChange({ severity }: Finding): boolean {
  return severity === 'changed';
}
