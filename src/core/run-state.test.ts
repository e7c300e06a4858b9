import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jobIdFor, makeRunId } from './ids.ts';
import { hostNameSchema, queueNameSchema } from './names.ts';
import type { Outcome } from './outcome.ts';
import type { Report, ReportEvent } from './report.ts';
import { applyReports, initialRunState, isEnded, jobStatus, summarizeRun, type RunState } from './run-state.ts';
import { runSchema, type Run } from './run.ts';
import { PHASES } from './step.ts';
import { EMPTY_TRANSACTION } from './transaction.ts';

const HOUR = 3_600_000;
const created = 1_800_000_000_000;
const runId = makeRunId(created, new Uint8Array(10));
const hosts = ['web1', 'web2', 'db1'].map((name) => hostNameSchema.parse(name));
const [web1, web2] = hosts as [(typeof hosts)[0], (typeof hosts)[0]];

function makeRun(overrides: Partial<Run> = {}): Run {
  return runSchema.parse({
    id: runId,
    task: 'system.ping',
    args: {},
    dryRun: false,
    target: 'all hosts',
    jobs: hosts.map((host) => ({ id: jobIdFor(runId, host), to: { kind: 'host', host } })),
    createdAt: created,
    expiresAt: created + HOUR,
    deadlineMs: HOUR,
    by: 'tester@here',
    follows: null,
    ...overrides,
  });
}

function makeOutcome(status: Outcome['status']): Outcome {
  return { status, summary: 'x', transaction: null, data: null, health: null, failure: null };
}

function makeReport(host: (typeof hosts)[0], at: number, event: ReportEvent): Report {
  return { job: jobIdFor(runId, host), host, at: created + at, event };
}

const eventArbitrary: fc.Arbitrary<ReportEvent> = fc.oneof(
  fc.constant<ReportEvent>({ kind: 'accepted' }),
  fc.constant<ReportEvent>({ kind: 'refused', code: 'EXPIRED', message: 'm' }),
  fc.constantFrom<ReportEvent>(
    { kind: 'waiting', for: 'turn', holder: null },
    { kind: 'waiting', for: 'lock', holder: 'apt' },
  ),
  fc.constantFrom(...PHASES).map((phase): ReportEvent => ({ kind: 'phase', phase })),
  fc
    .record({ phase: fc.constantFrom(...PHASES), percent: fc.integer({ min: 0, max: 100 }) })
    .map((part): ReportEvent => ({ kind: 'progress', ...part, package: null, text: '' })),
  fc.nat().map((offset): ReportEvent => ({ kind: 'output', offset, end: offset + 1, text: 'o' })),
  fc.constant<ReportEvent>({ kind: 'plan', transaction: EMPTY_TRANSACTION, hash: 'a'.repeat(64) }),
  fc.constant<ReportEvent>({ kind: 'interrupted', message: 'm' }),
  fc
    .constantFrom<Outcome['status']>('changed', 'unchanged', 'planned', 'failed', 'cancelled')
    .map((status): ReportEvent => ({ kind: 'done', outcome: makeOutcome(status) })),
  fc.constant<ReportEvent>({ kind: 'expired' }),
  fc.constant<ReportEvent>({ kind: 'cancelled', message: 'm' }),
);
const reportArbitrary = fc
  .record({ host: fc.constantFrom(...hosts), at: fc.nat(20), event: eventArbitrary })
  .map(({ host, at, event }) => makeReport(host, at, event));
const streamArbitrary = fc.array(reportArbitrary, { maxLength: 40 });

function fold(...batches: readonly (readonly Report[])[]): RunState {
  return batches.reduce(applyReports, initialRunState(makeRun()));
}

test('the state does not depend on how the stream is cut into batches', () => {
  fc.assert(
    fc.property(streamArbitrary, fc.nat(40), (stream, cut) => {
      assert.deepEqual(fold(stream.slice(0, cut), stream.slice(cut)), fold(stream));
    }),
  );
});

test('repeating any reports later changes nothing', () => {
  fc.assert(
    fc.property(streamArbitrary, fc.infiniteStream(fc.boolean()), (stream, picks) => {
      const repeated = stream.filter(() => picks.next().value);
      assert.deepEqual(fold(stream, repeated), fold(stream));
    }),
  );
});

/** A stream, and the same reports in another order. */
const shuffledArbitrary = streamArbitrary.chain((stream) =>
  fc.tuple(fc.constant(stream), fc.shuffledSubarray(stream, { minLength: stream.length })),
);

test('the state does not depend on the order in which reports come', () => {
  fc.assert(
    fc.property(shuffledArbitrary, ([stream, shuffled]) => {
      assert.deepEqual(fold(shuffled), fold(stream));
    }),
  );
});

test('the state of a job for any host does not depend on the order in which reports of several hosts come', () => {
  const job = jobIdFor(runId, null);
  const run = makeRun({ jobs: [{ id: job, to: { kind: 'any', queue: queueNameSchema.parse('web') } }] });
  const stateAfter = (reports: readonly Report[]): RunState =>
    applyReports(
      initialRunState(run),
      reports.map((report) => ({ ...report, job })),
    );
  fc.assert(
    fc.property(shuffledArbitrary, ([stream, shuffled]) => {
      assert.deepEqual(stateAfter(shuffled), stateAfter(stream));
    }),
  );
});

test('the earliest report that ends a job is the one that counts, and what was done before that it was withdrawn', () => {
  fc.assert(
    fc.property(streamArbitrary, (stream) => {
      const state = fold(stream);
      for (const host of hosts) {
        const timesOf = (kinds: readonly string[]): number[] =>
          stream.filter((report) => report.host === host && kinds.includes(report.event.kind)).map(({ at }) => at);
        const [done, withdrawn] = [timesOf(['done', 'refused', 'expired']), timesOf(['cancelled'])];
        const first = done.length > 0 ? Math.min(...done) : withdrawn.length > 0 ? Math.min(...withdrawn) : undefined;
        assert.equal(state.jobs.get(jobIdFor(runId, host))?.end?.at, first);
      }
    }),
  );
});

test('the counts of a summary add up to the jobs of the run at any time', () => {
  fc.assert(
    fc.property(streamArbitrary, fc.nat(5 * HOUR), (stream, later) => {
      const summary = summarizeRun(fold(stream), created + later);
      const counted = Object.values(summary.counts).reduce((sum, count) => sum + count, 0);
      assert.equal(counted, hosts.length);
      assert.ok(summary.bad <= summary.ended && summary.ended <= summary.total);
    }),
  );
});

test('a host cannot report on the job of another host', () => {
  const forged = { ...makeReport(web1, 1, { kind: 'expired' }), host: web2 };
  assert.deepEqual(fold([forged]), fold([]));
});

test('a job for any host shows the host that took it', () => {
  const job = jobIdFor(runId, null);
  const run = makeRun({ jobs: [{ id: job, to: { kind: 'any', queue: queueNameSchema.parse('web') } }] });
  const state = applyReports(initialRunState(run), [{ job, host: web2, at: created, event: { kind: 'accepted' } }]);
  assert.equal(state.jobs.get(job)?.host, web2);
});

test('a job no host has spoken of counts as expired once no clock can be before its expiry', () => {
  const state = fold([]);
  const job = state.jobs.get(jobIdFor(runId, web1));
  assert.ok(job);
  assert.equal(jobStatus(job, state.run, created + HOUR + 119_000), 'queued');
  assert.equal(jobStatus(job, state.run, created + HOUR + 121_000), 'expired');
  const { counts, ended, bad } = summarizeRun(state, created + HOUR + 121_000);
  assert.deepEqual([counts.expired, ended, bad], [3, 3, 3]);
});

test('a job that was accepted and then fell silent counts as lost some minutes after its expiry', () => {
  const state = fold([makeReport(web1, 0, { kind: 'accepted' })]);
  const job = state.jobs.get(jobIdFor(runId, web1));
  assert.ok(job);
  assert.equal(jobStatus(job, state.run, created + HOUR + 121_000), 'accepted');
  assert.equal(jobStatus(job, state.run, created + HOUR + 6 * 60_000), 'lost');
});

test('a running job counts as lost when it is silent for longer than its deadline', () => {
  const state = fold([makeReport(web1, 0, { kind: 'phase', phase: 'planning' })]);
  const job = state.jobs.get(jobIdFor(runId, web1));
  assert.ok(job);
  assert.equal(jobStatus(job, state.run, created + HOUR), 'running');
  const lost = jobStatus(job, state.run, created + HOUR + 6 * 60_000);
  assert.equal(lost, 'lost');
  assert.equal(isEnded(lost), true);
});

test('a lost job whose host does report in the end shows what the host said', () => {
  const state = fold([makeReport(web1, 0, { kind: 'done', outcome: makeOutcome('changed') })]);
  const job = state.jobs.get(jobIdFor(runId, web1));
  assert.ok(job);
  assert.equal(jobStatus(job, state.run, created + 100 * HOUR), 'changed');
});
