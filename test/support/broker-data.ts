import { randomBytes } from 'node:crypto';
import { jobIdFor, makeRunId, type JobId, type RunId } from '../../src/core/ids.ts';
import { hostNameSchema, queueNameSchema, type HostName, type QueueName } from '../../src/core/names.ts';
import type { Report, ReportEvent, SignedReport } from '../../src/core/report.ts';
import type { Run } from '../../src/core/run.ts';
import type { Release } from '../../src/queue/broker.ts';

export const host = (name: string): HostName => hostNameSchema.parse(name);
export const queue = (name: string): QueueName => queueNameSchema.parse(name);

export function newRunId(): RunId {
  return makeRunId(Date.now(), randomBytes(10));
}

/** A run of `system.ping` on these hosts. */
export function newRun(hosts: readonly HostName[], id: RunId = newRunId()): Run {
  const createdAt = Date.now();
  return {
    id,
    task: 'system.ping',
    args: {},
    dryRun: false,
    target: 'a test',
    jobs: hosts.map((name) => ({ id: jobIdFor(id, name), to: { kind: 'host', host: name } })),
    createdAt,
    expiresAt: createdAt + 3_600_000,
    deadlineMs: 3_600_000,
    by: 'tester@here',
    follows: null,
  };
}

export function releasesOf(run: Run): readonly Release[] {
  return run.jobs.map(({ id, to }) => ({ job: id, to, envelope: `envelope of ${id}` }));
}

/** A report that nobody signed; hosts of these tests have no key that would be asked for. */
export function reportOf(job: JobId, by: HostName, event: ReportEvent): SignedReport {
  return unsigned({ job, host: by, at: Date.now(), event });
}

export function unsigned(report: Report): SignedReport {
  return { report, text: JSON.stringify(report), signature: '', key: '' };
}

export const doneEvent: ReportEvent = {
  kind: 'done',
  outcome: { status: 'unchanged', summary: 'pong', transaction: null, data: null, health: null, failure: null },
};
