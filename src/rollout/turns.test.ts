import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostCheck } from '../core/host-check.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import { hostNameSchema } from '../core/names.ts';
import type { Outcome } from '../core/outcome.ts';
import type { RolloutStep } from '../core/rollout.ts';
import { applyReports, initialRunState } from '../core/run-state.ts';
import type { Run } from '../core/run.ts';
import { CREATED_AT, outcome, runFixture } from '../../test/support/run-fixture.ts';
import type { Turn } from './decide.ts';
import { ownStep, turnsOf, type Chain, type ChainLink } from './turns.ts';

const web1 = hostNameSchema.parse('web1');
const HEALTHY: HostCheck = { failedUnits: [], broken: [], load: null, disks: [], probes: [] };
const own = runFixture(['web1']);

type Ended = { readonly status: Outcome['status']; readonly data?: Json };

/** A step that web1 has ended so, or with null not begun. */
function link(index: number, step: Partial<RolloutStep>, ended: Ended | null): ChainLink {
  const id = makeRunId(CREATED_AT, new Uint8Array(10).fill(index));
  const run: Run = {
    ...own.run,
    id,
    expiresAt: CREATED_AT + 36_000_000,
    jobs: [{ id: jobIdFor(id, web1), to: { kind: 'host', host: web1 } }],
  };
  const told = ended === null ? [] : [{ ...outcome(ended.status), data: ended.data ?? null }];
  const reports = told.map((result) => ({
    job: jobIdFor(id, web1),
    host: web1,
    at: CREATED_AT + 1000 * index,
    event: { kind: 'done', outcome: result } as const,
  }));
  return {
    step: { ...ownStep('apt.update'), run: id, ...step },
    state: applyReports(initialRunState(run), reports),
  };
}

type Look = { readonly what: 'before' | 'after'; readonly status?: Outcome['status'] };

function look(index: number, data: Json | HostCheck, { what, status = 'unchanged' }: Look): ChainLink {
  return link(index, { what, task: 'system.check' }, { status, data: JSON.parse(JSON.stringify(data)) });
}

function turn(chain: Chain, now = CREATED_AT + 60_000): Turn {
  const snapshot = { state: own.after([]), presences: new Map(), forged: 0, now };
  const rollout = { batches: [], maxFailures: 0, maxUnreachable: 0, soakMs: 0 };
  const progress = { released: new Map([[web1, CREATED_AT]]), rollout };
  return turnsOf({ chain, snapshot, progress }).get(web1) ?? assert.fail();
}

test('the first step that has not begun is due', () => {
  const chain = [link(1, {}, { status: 'changed' }), link(2, {}, null), link(3, {}, null)];
  assert.partialDeepStrictEqual(turn(chain), { status: 'under-way', due: chain[1]?.state.run.jobs[0]?.id, why: null });
});

test('a host that is as it was has had a good turn, and one that is worse a bad one', () => {
  const worse = { ...HEALTHY, failedUnits: ['nginx.service'] };
  const upgrade = link(2, {}, { status: 'changed' });
  assert.equal(turn([look(1, worse, { what: 'before' }), upgrade, look(3, worse, { what: 'after' })]).status, 'good');
  assert.partialDeepStrictEqual(
    turn([look(1, HEALTHY, { what: 'before' }), upgrade, look(3, worse, { what: 'after' })]),
    {
      status: 'bad',
      why: 'nginx.service has failed',
    },
  );
});

test('a look that found something wrong is one, and a look without a finding is a failure', () => {
  const rest = [link(2, {}, { status: 'changed' }), look(3, HEALTHY, { what: 'after' })];
  assert.equal(turn([look(1, HEALTHY, { what: 'before', status: 'failed' }), ...rest]).status, 'good');
  assert.equal(turn([look(1, { failedUnits: 'all' }, { what: 'before' }), ...rest]).status, 'bad');
});

test('after a failure only what is always done is due, and the failure counts at once', () => {
  const failed = link(1, {}, { status: 'failed' });
  const undo = link(3, { always: true }, null);
  assert.partialDeepStrictEqual(turn([failed, link(2, {}, null), undo]), {
    status: 'under-way',
    why: 'apt.update: failed',
    due: undo.state.run.jobs[0]?.id,
  });
  assert.partialDeepStrictEqual(turn([failed, link(2, {}, null)]), { status: 'bad', due: null, quiet: true });
});

test('a step that may fail does not spoil the turn', () => {
  assert.equal(
    turn([link(1, { mayFail: true }, { status: 'failed' }), link(2, {}, { status: 'changed' })]).status,
    'good',
  );
});

test('a step that is silent for longer than it may take is overdue, and its host is not taken to be quiet', () => {
  const chain = [link(1, {}, { status: 'changed' }), link(2, {}, null)];
  assert.partialDeepStrictEqual(turn(chain, CREATED_AT + 2 * own.run.deadlineMs), { status: 'overdue', quiet: false });
});
