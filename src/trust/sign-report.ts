import type { Report, SignedReport } from '../core/report.ts';
import type { SigningKey } from './key.ts';
import { signText, textHolds } from './signed-text.ts';

/** So that no signature of a report can stand for anything else that is signed. */
const REPORT_TYPE = 'application/vnd.celeroot.report+json;v=1';

/** A report with the signature of whoever says it. */
export function sealReport(report: Report, key: SigningKey): SignedReport {
  return { report, ...signText(REPORT_TYPE, JSON.stringify(report), key) };
}

/** The signature of a report's exact text, base64. */
export function signReport(text: string, key: SigningKey): string {
  return signText(REPORT_TYPE, text, key).signature;
}

/** Whether the key has signed that text as a report. Never throws. */
export function reportHolds(text: string, signature: string, key: string): boolean {
  return textHolds(REPORT_TYPE, { text, signature }, key);
}
