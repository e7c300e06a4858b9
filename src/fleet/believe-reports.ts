import type { Report } from '../core/report.ts';
import { endsJob, isHeard, type RunState } from '../core/run-state.ts';
import type { StoredReport } from '../queue/broker.ts';
import { mayHaveSigned } from '../trust/run-record.ts';
import { reportHolds } from '../trust/sign-report.ts';
import type { Witness } from './witness.ts';

/** Reports that may be believed, and how many there were that may not. */
export type Believed = { readonly reports: readonly Report[]; readonly forged: number };

/**
 * Sorts out reports that are not signed by whom they name, or stand in another's stream. Redis is not trusted: whoever
 * writes to it can repeat what a host has said, which the fold takes, but not make a host say anything. A job that was
 * withdrawn is reported as cancelled by an operator, in the name of a host. A host whose key the configuration does not
 * have (any more) is not believed at all.
 */
export async function believeReports(stored: readonly StoredReport[], witness: Witness): Promise<Believed> {
  const claims = stored.flatMap(({ report, ...rest }) => (report === null ? [] : [{ ...rest, report }]));
  const verdicts = await Promise.all(claims.map(async (claim) => await isBelievable(claim, witness)));
  const reports = claims.flatMap(({ report }, index) => (verdicts[index] === true ? [report] : []));
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

async function isBelievable({ from, report, key, ...signed }: Claim, witness: Witness): Promise<boolean> {
  if (from === null) {
    const mayBe =
      report.event.kind === 'cancelled' && mayHaveSigned(witness.grants, { key, as: 'operator', at: report.at });
    return mayBe && (await reportHolds(signed, key));
  }
  const hostKey = witness.hosts.get(from)?.key ?? null;
  return report.host === from && hostKey !== null && (await reportHolds(signed, hostKey));
}
