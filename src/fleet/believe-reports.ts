import type { FleetConfig } from '../config/fleet-config.ts';
import { jobIdFor, runOf } from '../core/ids.ts';
import type { Report } from '../core/report.ts';
import type { StoredReport } from '../queue/broker.ts';
import { readTrustFile } from './trust-on-disk.ts';
import { reportHolds } from '../trust/sign-report.ts';

/** Reports that may be believed, and how many there were that may not. */
export type Believed = { readonly reports: readonly Report[]; readonly forged: number };

/** What a reader of reports needs to know of the fleet: whose signature a report has to bear. */
export type Witness = {
  readonly hosts: FleetConfig['hosts'];
  /** Keys of operators, who may report that a job was withdrawn. */
  readonly controllerKeys: readonly string[];
};

/** The configuration and the trust file as a witness; without a trust file no operator is believed. */
export async function witnessOf(fleet: FleetConfig, now: number): Promise<Witness> {
  const controllerKeys = await readTrustFile(fleet, now).then(
    ({ trust }) => trust.grants.map((grant) => grant.key),
    () => [],
  );
  return { hosts: fleet.hosts, controllerKeys };
}

/**
 * Sorts out reports that are not signed by the host they name. Redis is not trusted: whoever writes to it can repeat
 * what a host has said, which the fold takes, but not make a host say anything. A job that was withdrawn is reported as
 * cancelled by the controller, in the name of a host. A host whose key the configuration does not have is believed as
 * it is, and one that is not in it (any more) only of its own job.
 */
export function believeReports(stored: readonly StoredReport[], witness: Witness): Believed {
  const reports: Report[] = [];
  let forged = 0;
  for (const { report, text, signature } of stored) {
    if (report === null) continue;
    if (isBelievable({ report, text, signature }, witness)) reports.push(report);
    else forged += 1;
  }
  return { reports, forged };
}

type Claim = { readonly report: Report; readonly text: string; readonly signature: string };

function isBelievable({ report, text, signature }: Claim, { hosts, controllerKeys }: Witness): boolean {
  const host = hosts.get(report.host);
  if (host === undefined) return report.job === jobIdFor(runOf(report.job), report.host);
  const { key } = host;
  if (key === null || reportHolds(text, signature, key)) return true;
  return report.event.kind === 'cancelled' && controllerKeys.some((each) => reportHolds(text, signature, each));
}
