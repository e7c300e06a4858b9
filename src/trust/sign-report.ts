import { sign, verify } from 'node:crypto';
import type { Report, SignedReport } from '../core/report.ts';
import { preAuthEncoding } from './dsse.ts';
import { parsePublicKey, type SigningKey } from './key.ts';

/** So that no signature of a report can stand for anything else that is signed. */
const REPORT_TYPE = 'application/vnd.celeroot.report+json;v=1';

/** A report with the signature of whoever says it. */
export function sealReport(report: Report, key: SigningKey): SignedReport {
  const text = JSON.stringify(report);
  return { report, text, signature: signReport(text, key) };
}

/** The signature of a report's exact text, base64. */
export function signReport(text: string, key: SigningKey): string {
  return sign(null, preAuthEncoding(REPORT_TYPE, Buffer.from(text)), key.privateKey).toString('base64');
}

/** Whether the key has signed that text as a report. Never throws. */
export function reportHolds(text: string, signature: string, key: string): boolean {
  const publicKey = parsePublicKey(key);
  if (publicKey === null) return false;
  return verify(null, preAuthEncoding(REPORT_TYPE, Buffer.from(text)), publicKey, Buffer.from(signature, 'base64'));
}
