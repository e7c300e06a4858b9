import type { Report, SignedReport } from '../core/report.ts';
import type { Signed } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { signText, textHolds } from './signed-text.ts';

/** So that no signature of a report can stand for anything else that is signed. */
const REPORT_TYPE = 'application/vnd.celeroot.report+json;v=1';

/** A report with the signature of whoever says it. */
export function sealReport(report: Report, key: SigningKey): SignedReport {
  return { report, ...signText(REPORT_TYPE, JSON.stringify(report), key), key: key.id };
}

/** Whether the key has signed that text as a report. Never throws. */
export async function reportHolds(signed: Signed, key: string): Promise<boolean> {
  return await textHolds(REPORT_TYPE, signed, key);
}
