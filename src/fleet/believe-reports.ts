import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { madeAt, runOf } from '../core/ids.ts';
import type { Report } from '../core/report.ts';
import { endsJob, isHeard, type RunState } from '../core/run-state.ts';
import type { StoredReport } from '../queue/broker.ts';
import { mayHaveSigned } from '../trust/signed-record.ts';
import { reportHolds } from '../trust/sign-report.ts';
import { keysOf, type HostKey } from './host-keys.ts';
import type { Witness } from './witness.ts';

/** Reports that may be believed, and how many there were that may not. */
export type Believed = { readonly reports: readonly Report[]; readonly forged: number };

/**
 * Sorts out reports that are not signed by whom they name, or stand in another's stream. Redis is not trusted: whoever
 * writes to it can repeat what a host has said, which the fold takes, but not make a host say anything. A job that was
 * withdrawn is reported as cancelled by an operator, in the name of a host. A host whose key the configuration does not
 * have (any more) is not believed at all; by a key that was replaced it is on runs that were made before that.
 */
export async function believeReports(stored: readonly StoredReport[], witness: Witness): Promise<Believed> {
  const claims = stored.flatMap(({ report, ...rest }) => (report === null ? [] : [{ ...rest, report }]));
  const believed = await Promise.all(claims.map(async (claim) => await believe(claim, witness)));
  const reports = believed.filter((report) => report !== null);
  return { reports, forged: claims.length - reports.length };
}

/**
 * What is needed of the reports on a run to say how its jobs ended, or else where they are. A job that has ended is
 * known by one report, so that a list of runs of thousands of hosts does not cost the checking of all that was ever said.
 */
export async function believeEnds(
  state: RunState,
  stored: readonly StoredReport[],
  witness: Witness,
): Promise<readonly Report[]> {
  const heard = stored.filter(({ report }) => report !== null && isHeard(state, report));
  const byJob = Map.groupBy(heard, ({ report }) => report?.job);
  const found = await Promise.all([...byJob.values()].map(async (said) => await believeOneEnd(said, witness)));
  return found.flat();
}

/** Looks at ends in the order in which the fold prefers them. */
async function believeOneEnd(said: readonly StoredReport[], witness: Witness): Promise<readonly Report[]> {
  const isEnd = ({ report }: StoredReport): boolean => report !== null && endsJob(report.event);
  const ends = said.filter(isEnd).toSorted((a, b) => preference(a) - preference(b));
  for (const end of ends) {
    const { reports } = await believeReports([end], witness);
    if (reports.length > 0) return reports;
  }
  const others = said.filter((each) => !isEnd(each));
  return (await believeReports(others, witness)).reports;
}

const WITHDRAWN_LAST = 2 ** 52;

function preference({ report }: StoredReport): number {
  const at = Math.min(report?.at ?? 0, WITHDRAWN_LAST);
  return report?.event.kind === 'cancelled' ? WITHDRAWN_LAST + at : at;
}

type Claim = StoredReport & { readonly report: Report };

/** What of a report may be believed; null when nothing. */
async function believe({ from, report, key, ...signed }: Claim, witness: Witness): Promise<Report | null> {
  if (from === null) {
    const mayBe =
      report.event.kind === 'cancelled' && mayHaveSigned(witness.grants, { key, as: ['operator'], at: report.at });
    return mayBe && (await reportHolds(signed, key)) ? report : null;
  }
  const host = witness.hosts.get(from);
  if (report.host !== from || host === undefined) return null;
  for (const each of keysOf(host)) {
    if (countsFor(each, report) && (await reportHolds(signed, each.key))) return bounded(report, each);
  }
  return null;
}

/** When a run was made its id says, which operators have signed; the time of the report is only what a host says. */
function countsFor({ until }: HostKey, { job, at }: Report): boolean {
  return until === null || (madeAt(runOf(job)) < until && at < until + MAX_CLOCK_SKEW_MS);
}

/** How far the host's log goes, a key that was replaced does not say: the journal has what it said when it could. */
function bounded(report: Report, { until }: HostKey): Report {
  if (until === null) return report;
  const { ledger: _, ...rest } = report;
  return rest;
}
