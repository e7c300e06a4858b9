import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BugError } from '../core/errors.ts';
import type { ReportEvent } from '../core/report.ts';
import type { Step } from '../core/step.ts';
import { EMPTY_TRANSACTION, transactionHash } from '../core/transaction.ts';
import { inlinePerformer } from './inline-performer.ts';
import type { StepPerformer } from './perform-work.ts';

const CHANGING: readonly Step[] = [
  { kind: 'change', argv: ['touch', '/nonexistent/file'], phase: 'committing' },
  { kind: 'scratch', name: 'a', content: '' },
  { kind: 'remember', name: 'a', content: '' },
  { kind: 'await-package-locks' },
  { kind: 'await-shutdown', timeoutMs: 0 },
];

for (const step of CHANGING) {
  test(`work that may only look is not allowed a ${step.kind} step`, async () => {
    await assert.rejects(setUp().perform(step), BugError);
  });
}

test('looking steps are answered from the host itself', async () => {
  const { perform } = setUp();

  const ran = await perform({ kind: 'run', argv: ['printf', 'hello'], timeoutMs: 10_000 });
  assert.deepEqual(ran, { kind: 'run', exitCode: 0, signal: null, stdout: 'hello', stderr: '' });
  const names = await perform({ kind: 'list', path: '/proc/self/task' });
  assert.ok(names.kind === 'list' && names.names.includes(String(process.pid)));
  const text = await perform({ kind: 'read', path: '/proc/self/comm' });
  assert.ok(text.kind === 'read' && text.text !== null);
});

test('a file that is not there reads as null and a folder that is not there as empty', async () => {
  const { perform } = setUp();

  assert.deepEqual(await perform({ kind: 'read', path: '/nonexistent/file' }), { kind: 'read', text: null });
  assert.deepEqual(await perform({ kind: 'read', path: '/proc/self/comm/file' }), { kind: 'read', text: null });
  assert.deepEqual(await perform({ kind: 'list', path: '/nonexistent' }), { kind: 'list', names: [] });
});

test('a file that cannot be read is an error and not a missing file', async () => {
  await assert.rejects(setUp().perform({ kind: 'read', path: '/proc' }), { code: 'EISDIR' });
});

test('phases and plans are reported, the plan with its hash', async () => {
  const { perform, told } = setUp();

  await perform({ kind: 'phase', phase: 'planning' });
  await perform({ kind: 'plan', transaction: EMPTY_TRANSACTION });

  assert.deepEqual(told, [
    { kind: 'phase', phase: 'planning' },
    { kind: 'plan', transaction: EMPTY_TRANSACTION, hash: transactionHash(EMPTY_TRANSACTION) },
  ]);
});

function setUp(): { readonly perform: StepPerformer; readonly told: ReportEvent[] } {
  const told: ReportEvent[] = [];
  const sink = async (event: ReportEvent): Promise<void> => void told.push(event);
  return { perform: inlinePerformer({ sink, signal: new AbortController().signal }), told };
}
