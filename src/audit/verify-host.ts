import type { AptRun } from '../apt/parse-history.ts';
import type { ChainHead, RememberedJournal } from '../core/chain-head.ts';
import { runOf, type JobId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import { checkText, type CheckedChain } from './chain.ts';
import type { Finding } from './finding.ts';
import { hostEventSchema, type HostEvent } from './host-event.ts';
import type { HostPast, JournalView } from './journal-view.ts';
import { compareHead, describeBreak } from './verify-journal.ts';

/** A run of apt on a host, and whose the host takes it for. */
export type AptRecord = {
  readonly apt: AptRun;
  /** Milliseconds since 1970 by the host's clock. */
  readonly at: number | null;
  readonly origin: 'celeroot' | 'outside' | 'forged';
};

/** All that a host has handed over. */
export type HostEvidence = {
  readonly host: HostName;
  /** The number of the first of the lines. */
  readonly first: number;
  readonly lines: readonly string[];
  /** What the host itself finds wrong with all of its log. */
  readonly broken: { readonly line: number; readonly what: string } | null;
  readonly journals: readonly RememberedJournal[];
  readonly apt: readonly AptRecord[];
  readonly unreadable: readonly string[];
  /** Heads that the reports bore with which all this came. */
  readonly reported: readonly ChainHead[];
};

export type HostLine = { readonly seq: number; readonly at: number; readonly event: HostEvent | null };

export type VerifiedHost = {
  readonly host: HostName;
  readonly findings: readonly Finding[];
  readonly lines: readonly HostLine[];
  /** How far the log holds in itself, whatever stands there, and when that line was written; null when it does not. */
  readonly whole: DatedHead | null;
  /** The same, where all that stands there is as it should be. */
  readonly verified: DatedHead | null;
};

/** `at` is the time of that line, milliseconds since 1970. */
export type DatedHead = ChainHead & { readonly at: number };

export type HostJudge = {
  /** The journal as it is after the host was read, with the run that read it. */
  readonly view: JournalView;
  /** What it knew of the host before: what was learnt meanwhile may be of lines that came after those that were read. */
  readonly past: (host: HostName) => HostPast;
  readonly ownKeys: ReadonlySet<string>;
};

/** Holds what a host handed over against itself, against what was seen of it before, and against the journal. */
export function verifyHost(evidence: HostEvidence, judge: HostJudge): VerifiedHost {
  const { host, first } = evidence;
  const past = judge.past(host);
  const { links, ...chain } = checkText(evidence.lines.map((line) => `${line}\n`).join(''), {
    first,
    known: knownHeads(evidence, past),
  });
  const lines = links.map((link, index) => ({
    seq: first + index,
    at: link?.at ?? 0,
    event: hostEventSchema.safeParse(link?.event).data ?? null,
  }));
  const inChain = chainFindings(evidence, chain);
  const findings = [
    ...inChain,
    ...lines.flatMap((line) => judgeLine(host, line)),
    ...judgeJobs(host, lines, judge),
    ...judgeKeys(host, lines, judge.view),
    ...(inChain.length === 0 ? missingRuns(host, lines, { view: judge.view, past }) : []),
    ...evidence.apt.flatMap((record) => judgeApt(host, record)),
    ...evidence.unreadable.map((file) => unreadable(host, file)),
  ];
  const whole = inChain.length === 0 ? { ...chain.head, at: lines.at(-1)?.at ?? 0 } : null;
  const isRight = !findings.some(({ severity }) => severity === 'changed');
  return { host, findings, lines, whole, verified: isRight ? whole : null };
}

/** Reports that bring the lines also bear heads that go further than these. */
function knownHeads({ first, lines, reported }: HostEvidence, { verified, seen }: HostPast): readonly ChainHead[] {
  const before = [...(verified === null ? [] : [verified]), ...seen];
  const end = first + lines.length - 1;
  return [
    ...before.filter(({ size }) => size >= first),
    ...reported.filter(({ size }) => size >= first && size <= end),
  ];
}

function chainFindings({ host, broken: own, first }: HostEvidence, { broken }: CheckedChain): Finding[] {
  if (broken !== null) {
    const text = describeBreak(broken);
    return [{ severity: 'changed', host, line: broken.line, at: null, what: `log-${broken.what}`, text }];
  }
  if (own === null) return [];
  // Of what was verified before only the host can tell.
  const text = `the host says that its own log does not hold at line ${own.line}: ${own.what}`;
  const isBefore = own.line < first;
  return [
    { severity: 'changed', host, line: own.line, at: null, what: isBefore ? `log-${own.what}` : 'log-changed', text },
  ];
}

/** What a line says by itself. */
function judgeLine(host: HostName, { seq: line, at, event }: HostLine): Finding[] {
  const found = (severity: Finding['severity'], what: string, text: string): Finding[] => [
    { severity, host, line, at, what, text },
  ];
  if (event === null) return found('note', 'unknown-entry', 'a newer celeroot wrote this');
  if (event.kind === 'journal-went-back') {
    const { journal, size } = event.was;
    const text = `the journal ${journal.slice(0, 12)}… had ${size} lines and came back as another, of ${event.came.size}`;
    return found('changed', 'journal-went-back', text);
  }
  if (event.kind === 'damage-found') {
    return found('changed', 'log-changed', `line ${event.line} could not be read when the worker started`);
  }
  if (event.kind === 'entries-lost') {
    return found('note', 'entries-lost', `${event.count} entries could not be written: ${event.why}`);
  }
  if (event.kind !== 'line-repaired') return [];
  return found('note', 'line-repaired', 'the machine stopped while the line before was written');
}

type Accepted = Extract<HostEvent, { kind: 'accepted' }> & { readonly line: number; readonly at: number };

function judgeJobs(host: HostName, lines: readonly HostLine[], judge: HostJudge): Finding[] {
  const accepted = new Map<JobId, Accepted>();
  for (const { seq: line, at, event } of lines) {
    if (event?.kind === 'accepted' && !accepted.has(event.job)) accepted.set(event.job, { ...event, line, at });
  }
  return [...accepted.values()].flatMap((each) => judgeJob(host, each, judge));
}

function judgeJob(host: HostName, accepted: Accepted, { view, ownKeys }: HostJudge): Finding[] {
  const { job, task, by, key, log, line, at } = accepted;
  const witnessed = log !== null && log.journal === view.chain.id ? compareHead(view, log, host) : [];
  const run = view.runs.get(runOf(job));
  const found = (severity: Finding['severity'], what: string, text: string): Finding[] => [
    ...witnessed,
    { severity, host, line, at, what, text },
  ];
  const isForAny = job !== `${runOf(job)}.${host}`;
  if (run !== undefined) {
    if (isForAny || run.hosts === null || run.hosts.includes(host)) return witnessed;
    return found(
      'changed',
      'unknown-job',
      `${job} (${task}) was accepted, and the journal sent its run to other hosts`,
    );
  }
  if (ownKeys.has(key)) {
    return found(
      'changed',
      'unknown-run',
      `${job} (${task}) was ordered with your key by ${by}, and the journal has no such run`,
    );
  }
  return found(
    'outside',
    'other-controller',
    `${job} (${task}) was ordered by ${by} with ${key}, from another controller`,
  );
}

/** A host that is given another key goes on with its log; the journal says whether that was done from here. */
function judgeKeys(host: HostName, lines: readonly HostLine[], { lines: journal }: JournalView): Finding[] {
  const recorded = new Set(
    journal.flatMap(({ event }) => (event.kind === 'host' && event.what === 'rotated' ? [event.detail] : [])),
  );
  return lines.flatMap(({ seq: line, at, event }): Finding[] => {
    if (event?.kind !== 'key-replaced') return [];
    const text = `its key was rotated: from ${event.was} to ${event.key}`;
    const found = { host, line, at, what: 'key-rotated' };
    if (recorded.has(event.key)) return [{ ...found, severity: 'note', text }];
    return [{ ...found, severity: 'outside', text: `${text}; the journal does not have that` }];
  });
}

/** A host that reported on a run has it in its log; only runs sent after the last verification can be in these lines. */
function missingRuns(
  host: HostName,
  lines: readonly HostLine[],
  { view, past: { verified, seen } }: { readonly view: JournalView; readonly past: HostPast },
): Finding[] {
  const known = new Set(
    lines.flatMap(({ event }) => (event !== null && 'job' in event ? [event.job.slice(0, 26)] : [])),
  );
  return [...new Set(seen.map(({ run }) => run))].flatMap((run): Finding[] => {
    const sent = view.runs.get(run);
    if (sent === undefined || sent.seq <= (verified?.seq ?? 0) || known.has(run)) return [];
    const text = `run ${run} (${sent.task}) was reported on by the host, and is not in its log`;
    return [{ severity: 'changed', host, line: null, at: sent.at, what: 'missing-run', text }];
  });
}

function judgeApt(host: HostName, { apt, at, origin }: AptRecord): Finding[] {
  if (origin === 'celeroot') return [];
  const whom = apt.requestedBy === null ? '' : `, requested by ${apt.requestedBy}`;
  const what = `${apt.commandLine === '' ? 'a run of apt' : apt.commandLine}${whom}: ${changesText(apt)}`;
  if (origin === 'outside') return [{ severity: 'outside', host, line: null, at, what: 'apt-outside', text: what }];
  const text = `a run of apt bears the mark of a job that was not at work here then, ${apt.job}: ${what}`;
  return [{ severity: 'changed', host, line: null, at, what: 'apt-forged', text }];
}

const MOST_SHOWN = 8;

function changesText({ changes, moreChanges, end, error }: AptRun): string {
  const shown = changes.slice(0, MOST_SHOWN).map((each) => `${each.action} ${each.package} (${each.versions})`);
  const more = changes.length - shown.length + moreChanges;
  const packages = shown.length === 0 ? 'no package' : shown.join(', ');
  const rest = more === 0 ? '' : ` and ${more} more`;
  return `${packages}${rest}${end === null ? '; did not come to its end' : ''}${error === null ? '' : `; ${error}`}`;
}

function unreadable(host: HostName, file: string): Finding {
  const text = `${file} cannot be read: what apt did then is not known`;
  return { severity: 'note', host, line: null, at: null, what: 'history-unreadable', text };
}
