import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeResults } from '../../src/commands/run/write-results.ts';
import { joinOutput, type OutputPiece } from '../../src/core/join-output.ts';
import { parseJsonAs } from '../../src/core/parse-json-as.ts';
import { reportSchema, type Report } from '../../src/core/report.ts';
import type { RunSnapshot } from '../../src/core/run-snapshot.ts';
import { jsonRunView } from '../../src/terminal/json-run-view.ts';
import { liveRunView } from '../../src/terminal/live-run-view.ts';
import { plainRunView } from '../../src/terminal/plain-run-view.ts';
import { plainLines } from '../../src/terminal/plain-text.ts';
import { memoryOutput, testContext } from '../support/cli.ts';
import { CREATED_AT, outcome, runFixture } from '../support/run-fixture.ts';

/** Some two reports each, a third of which can be read; `CELEROOT_FUZZ=300` makes a million. */
const STORIES = 2000 * Number(process.env['CELEROOT_FUZZ'] ?? 1);

const fixture = runFixture(['web1', 'web2'], { dryRun: true });
const change = {
  package: 'nginx',
  arch: 'amd64',
  action: 'upgrade',
  from: '1.22.1-9',
  to: '1.22.1-9+deb12u1',
  origin: 'Debian:12/stable',
  security: true,
} as const;
const plan = {
  changes: [change],
  keptBack: [{ package: 'linux-image-amd64', from: '6.1', to: '6.2', reason: 'excluded' }],
} as const;
const honest: readonly Report[] = [
  fixture.report('web1', { kind: 'accepted' }),
  fixture.report('web1', { kind: 'refused', code: 'EXPIRED', message: 'too late' }),
  fixture.report('web1', { kind: 'waiting', for: 'lock', holder: 'unattended-upgr (812)' }),
  fixture.report('web1', { kind: 'phase', phase: 'committing' }),
  fixture.report('web1', { kind: 'progress', phase: 'committing', percent: 61, package: 'nginx', text: 'Unpacking' }),
  fixture.report('web1', { kind: 'output', offset: 0, end: 9, text: 'Reading…' }),
  fixture.report('web1', { kind: 'output', offset: 9, end: 12, text: 'abc' }),
  fixture.report('web1', { kind: 'interrupted', message: 'the executor died' }),
  fixture.report('web1', { kind: 'cancelled', message: 'by ada' }),
  fixture.planned('web1', plan),
  fixture.planned('web2', plan),
  fixture.objected('web2', plan, 'would remove bash'),
  fixture.failed('web1', plan, 'postinst failed\nexit status 1'),
  fixture.report('web2', {
    kind: 'done',
    outcome: {
      ...outcome('unchanged'),
      data: { packages: [{ package: 'nginx', before: null, after: '1.22' }], facts: ['a', 1, null] },
      health: { broken: [{ package: 'nginx', state: 'iF' }], held: ['vim:amd64'], rebootRequired: true },
    },
  }),
];

/** Text as a host in somebody else's hands might send it. */
const hostileText = fc.oneof(
  fc.constantFrom('\u001B[2J', '\u001B]0;x\u0007', '\u009B31m', '\r', '\n', '\u202E', '../../../etc/passwd', '%s%n'),
  fc.constantFrom('__proto__', 'constructor', 'web2', '', '\u0000', '\uD800', '*', '$(id)', '!!js/function >'),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('A'.repeat(16_384), 'é'.repeat(3000)),
);
const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: hostileText },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, -1, 0, 1e308, 2 ** 53, true, [], {}, [[[]]], 0.1) },
);
/** Who says it, about what and when: what is altered there is refused at once, so the rest is altered more often. */
const HEAD_LEAVES = 4;
/** Which leaf of an honest report becomes what. */
const alteration = fc.record({
  leaf: fc.oneof(
    { weight: 9, arbitrary: fc.nat(26).map((nth) => nth + HEAD_LEAVES) },
    { weight: 1, arbitrary: fc.nat(3) },
  ),
  value: hostileValue,
});
const hostileReport = fc
  .record({
    from: fc.constantFrom(...honest),
    alterations: fc.array(alteration, { maxLength: 3 }),
    cut: fc.option(fc.nat(400), { freq: 10 }),
  })
  .map(({ from, alterations, cut }) => {
    const altered = alterations.reduce<unknown>((value, each) => alterLeaf(value, each), from);
    const text = JSON.stringify(altered);
    return cut === null ? text : text.slice(0, cut);
  });

/** The value with its n-th leaf replaced; beyond the last it counts on from the first after the head. */
function alterLeaf(
  value: unknown,
  { leaf, value: other }: { readonly leaf: number; readonly value: unknown },
): unknown {
  const count = countLeaves(value);
  let left = leaf < count ? leaf : HEAD_LEAVES + (leaf % Math.max(1, count - HEAD_LEAVES));
  const walk = (node: unknown): unknown => {
    if (Array.isArray(node) && node.length > 0) return node.map(walk);
    if (isObject(node)) return Object.fromEntries(Object.entries(node).map(([key, each]) => [key, walk(each)]));
    left -= 1;
    return left === -1 ? other : node;
  };
  return walk(value);
}

function countLeaves(node: unknown): number {
  if (Array.isArray(node) && node.length > 0) return node.reduce<number>((sum, each) => sum + countLeaves(each), 0);
  if (isObject(node)) return Object.values(node).reduce<number>((sum, each) => sum + countLeaves(each), 0);
  return 1;
}

function isObject(node: unknown): node is Readonly<Record<string, unknown>> {
  return typeof node === 'object' && node !== null && !Array.isArray(node) && Object.keys(node).length > 0;
}

/** Everything that is ever shown of a run, in a pipe, on a terminal and as JSON. */
async function show(snapshot: RunSnapshot, reports: readonly Report[]): Promise<readonly string[]> {
  const [pipe, json, lists, terminal] = [memoryOutput(), memoryOutput(), memoryOutput(), memoryOutput({ isTTY: true })];
  await using plain = plainRunView(pipe);
  await using machine = jsonRunView(json, { id: fixture.run.id });
  await using live = liveRunView(terminal);
  for (const view of [plain, machine, live]) {
    view.update(snapshot, reports);
    view.finish(snapshot, 'detached');
  }
  const cli = { ...testContext(), stdout: lists, exitWith: () => undefined };
  writeResults(cli, snapshot, { maxChanges: 20, celeroot: 'celeroot' });
  const pieces = reports.flatMap(({ event }): OutputPiece[] => (event.kind === 'output' ? [event] : []));
  const logs = plainLines(joinOutput(pieces).text).join('\n');
  const own = /\p{Cc}\[\d+(?:A\r|J)/gu;
  return [pipe.text(), json.text(), lists.text(), logs, terminal.text().replaceAll(own, '')];
}

test('whatever a host reports, it is read without an error and nothing of it steers a terminal', async () => {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(hostileReport, { minLength: 1, maxLength: 5 }), async (texts) => {
      const reports = texts.flatMap((text) => parseJsonAs(reportSchema, text) ?? []);
      read += reports.length;
      const snapshot = { state: fixture.after(reports), forged: 0, presences: new Map(), now: CREATED_AT + 4000 };
      for (const shown of await show(snapshot, reports)) assert.doesNotMatch(shown.replaceAll('\n', ''), STEERING);
    }),
    { numRuns: STORIES },
  );
  assert.ok(
    read > STORIES / 2,
    `only ${read} of what is made up were read: more of what is made up must be well-formed enough`,
  );
});

const STEERING = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;
