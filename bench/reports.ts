import * as z from 'zod';
import { reportSchema, type Report } from '../src/core/report.ts';

const lineSchema = z.object({ type: z.string() });
const reportLineSchema = reportSchema.extend({ type: z.literal('report') });

/** The reports in what `celeroot run … --json` printed. */
export function reportsIn(stdout: string): readonly Report[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines
    .map((line): unknown => JSON.parse(line))
    .filter((line) => lineSchema.parse(line).type === 'report')
    .map((line) => reportLineSchema.parse(line));
}

/** When the first host said it had begun, milliseconds since 1970; NaN when none did. */
export function firstAcceptedAt(reports: readonly Report[]): number {
  const times = reports.filter(({ event }) => event.kind === 'accepted').map(({ at }) => at);
  return times.length === 0 ? Number.NaN : Math.min(...times);
}

/** For each host, how long it took from accepting its job to the end of it, by its own clock, milliseconds. */
export function timesOnHosts(reports: readonly Report[]): readonly number[] {
  const accepted = new Map(reports.filter(({ event }) => event.kind === 'accepted').map(({ job, at }) => [job, at]));
  return reports
    .filter(({ event }) => event.kind === 'done')
    .map(({ job, at }) => at - (accepted.get(job) ?? Number.NaN));
}
