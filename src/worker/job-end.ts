import type { ReportEvent } from '../core/report.ts';
import type { Refused } from '../trust/dsse.ts';

/** The reports that end a job; of each job one is told. */
export type End = Extract<ReportEvent, { kind: 'done' | 'refused' | 'expired' | 'cancelled' }>;

export function endByRefusal({ code, message }: Refused): End {
  return code === 'EXPIRED' ? { kind: 'expired' } : { kind: 'refused', code, message };
}

export function cancelledBy(who: string): End {
  return { kind: 'cancelled', message: `cancelled by ${who} before it began` };
}

/** One line for the log. */
export function describeEnd(end: End): string {
  switch (end.kind) {
    case 'done':
      return `${end.outcome.status}: ${end.outcome.failure?.message ?? end.outcome.summary}`;
    case 'refused':
      return `refused: ${end.code}: ${end.message}`;
    case 'expired':
      return 'expired before it began';
    case 'cancelled':
      return end.message;
  }
}

/** What the audit log says of it. */
export function auditEnd(end: End): { readonly status: string; readonly why: string | null } {
  if (end.kind === 'done') return { status: end.outcome.status, why: end.outcome.failure?.kind ?? null };
  return { status: end.kind, why: end.kind === 'refused' ? end.code : null };
}
