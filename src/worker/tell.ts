import type { ReportEvent, ReportSink } from '../core/report.ts';

/**
 * Sends a report that ends nothing without waiting for it: a job does not stand still because the broker is away.
 * Such reports fail only when the worker closes its broker, and then the next worker tells what matters.
 */
export function tell(report: ReportSink, event: ReportEvent): void {
  void report(event).catch(() => undefined);
}
