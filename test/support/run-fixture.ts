import { jobIdFor, makeRunId } from '../../src/core/ids.ts';
import { hostNameSchema } from '../../src/core/names.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Report, ReportEvent } from '../../src/core/report.ts';
import { applyReports, initialRunState, type RunState } from '../../src/core/run-state.ts';
import { runSchema, type Run } from '../../src/core/run.ts';
import type { Transaction } from '../../src/core/transaction.ts';

/** A run on some hosts, and reports about it. */
export type RunFixture = {
  readonly run: Run;
  /** A report of the host, `at` milliseconds after the run was made. */
  readonly report: (host: string, event: ReportEvent, at?: number) => Report;
  readonly planned: (host: string, transaction: Transaction) => Report;
  /** A plan the host would refuse to carry out. */
  readonly objected: (host: string, transaction: Transaction, message: string) => Report;
  readonly failed: (host: string, transaction: Transaction | null, message: string) => Report;
  readonly after: (reports: readonly Report[]) => RunState;
};

/** 2026-11-23 12:00 in UTC. */
export const CREATED_AT = Date.UTC(2026, 10, 23, 12);

export function runFixture(hosts: readonly string[], overrides: Partial<Run> = {}): RunFixture {
  const id = makeRunId(CREATED_AT, new Uint8Array(10));
  const names = hosts.map((name) => hostNameSchema.parse(name));
  const run = runSchema.parse({
    id,
    task: 'system.ping',
    args: {},
    dryRun: false,
    target: 'all hosts',
    jobs: names.map((host) => ({ id: jobIdFor(id, host), to: { kind: 'host', host } })),
    createdAt: CREATED_AT,
    expiresAt: CREATED_AT + 3_600_000,
    deadlineMs: 3_600_000,
    by: 'tester@here',
    follows: null,
    ...overrides,
  });
  const report: RunFixture['report'] = (name, event, at = 1000) => {
    const host = hostNameSchema.parse(name);
    return { job: jobIdFor(id, host), host, at: CREATED_AT + at, event };
  };
  return {
    run,
    report,
    planned: (host, transaction) =>
      report(host, { kind: 'done', outcome: { ...outcome('planned'), transaction: copy(transaction) } }),
    objected: (host, transaction, message) =>
      report(host, {
        kind: 'done',
        outcome: {
          ...outcome('planned'),
          transaction: copy(transaction),
          failure: { kind: 'x', message, hint: 'name it' },
        },
      }),
    failed: (host, transaction, message) =>
      report(host, {
        kind: 'done',
        outcome: {
          ...outcome('failed'),
          transaction: transaction === null ? null : copy(transaction),
          failure: { kind: 'x', message, hint: null },
        },
      }),
    after: (reports) => applyReports(initialRunState(run), reports),
  };
}

export function outcome(status: Outcome['status']): Outcome {
  return { status, summary: 'as expected', transaction: null, data: null, health: null, failure: null };
}

function copy({ changes, keptBack }: Transaction): NonNullable<Outcome['transaction']> {
  return { changes: [...changes], keptBack: [...keptBack] };
}
