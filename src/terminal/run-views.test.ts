import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryOutput } from '../../test/support/cli.ts';
import { CREATED_AT, outcome, runFixture } from '../../test/support/run-fixture.ts';
import { TerminalScreen } from '../../test/support/terminal-screen.ts';
import type { JobId } from '../core/ids.ts';
import { jobIdFor } from '../core/ids.ts';
import { hostNameSchema } from '../core/names.ts';
import type { HostPresence } from '../core/host-presence.ts';
import type { Report, ReportEvent } from '../core/report.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { jsonRunView } from './json-run-view.ts';
import { liveRunView } from './live-run-view.ts';
import type { Output } from './output.ts';
import { plainRunView } from './plain-run-view.ts';

const fixture = runFixture(['web1', 'web2', 'web3']);
const web1Done = fixture.report(
  'web1',
  { kind: 'done', outcome: { ...outcome('changed'), summary: 'nginx 1.22' } },
  3100,
);
const web2Runs = fixture.report('web2', {
  kind: 'progress',
  phase: 'committing',
  percent: 61,
  package: 'nginx',
  text: 'Unpacking nginx',
});
const offline: HostPresence = { online: false, lastSeenAt: CREATED_AT - 7_200_000 };

function snapshot(reports: readonly Report[], offlineHosts: readonly string[] = []): RunSnapshot {
  const presences = new Map<JobId, HostPresence>(
    offlineHosts.map((host) => [jobIdFor(fixture.run.id, hostNameSchema.parse(host)), offline]),
  );
  return { state: fixture.after(reports), forged: 0, presences, now: CREATED_AT + 4000 };
}

const accepted = fixture.report('web1', { kind: 'accepted' }, 0);

test('in a pipe every line names its host, and says the same thing once', async () => {
  const output = memoryOutput();
  await using view = plainRunView(output);
  view.update(snapshot([accepted, web2Runs], ['web3']), [accepted, web2Runs]);
  view.update(snapshot([accepted, web2Runs], ['web3']), []);
  const last = snapshot([accepted, web2Runs, web1Done], ['web3']);
  view.update(last, [web1Done]);
  view.finish(last, 'detached');
  const lines = output.text().trimEnd().split('\n');
  assert.equal(lines.length, 4);
  assert.equal(lines[0], 'web2 | committing  Unpacking nginx');
  assert.match(lines[1] ?? '', /^web3 \| offline {2}last seen 2 h ago; waits until /);
  assert.equal(lines[2], 'web1 | changed  nginx 1.22  3.1 s');
  assert.match(lines[3] ?? '', /^run \w+ \| 1 of 3 done, 1 changed in 4\.0 s$/);
});

test('a failure shows its reason, its hint and what is broken, each line with the host', async () => {
  const output = memoryOutput();
  const failed = fixture.report('web1', {
    kind: 'done',
    outcome: {
      ...outcome('failed'),
      failure: { kind: 'dpkg', message: 'postinst failed\nexit status 1\u001B[2J', hint: 'see the log' },
      health: { broken: [{ package: 'nginx', state: 'iF' }], held: [], rebootRequired: false },
    },
  });
  await using view = plainRunView(output);
  view.update(snapshot([failed]), [failed]);
  assert.deepEqual(output.text().trimEnd().split('\n'), [
    'web1 | failed  postinst failed  0.0 s',
    'web1 |   exit status 1',
    'web1 |   hint: see the log',
    'web1 |   not fully installed: nginx (iF)',
  ]);
});

/** Text as a host under somebody else's control might send it. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u001B', '[', '2', 'J', '\u009B', '\r', '\n', '\u202E'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 30,
});
const hostileEvent: fc.Arbitrary<ReportEvent> = fc.oneof(
  hostile.map((message): ReportEvent => ({ kind: 'refused', code: 'EXPIRED', message })),
  hostile.map((holder): ReportEvent => ({ kind: 'waiting', for: 'lock', holder })),
  fc
    .record({ package: fc.option(hostile), text: hostile, percent: fc.double({ min: 0, max: 100, noNaN: true }) })
    .map((part): ReportEvent => ({ kind: 'progress', phase: 'committing', ...part })),
  hostile.map((message): ReportEvent => ({ kind: 'cancelled', message })),
  fc
    .record({ summary: hostile, message: hostile, hint: fc.option(hostile), package: hostile })
    .map(({ summary, message, hint, package: name }): ReportEvent => {
      const failure = { kind: 'x', message, hint };
      const health = { broken: [{ package: name, state: 'iF' }], held: [], rebootRequired: true };
      return { kind: 'done', outcome: { ...outcome('failed'), summary, failure, health } };
    }),
);

test('whatever hosts send, nothing but our own control characters reaches the terminal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostileEvent, { maxLength: 3 }), async (events) => {
      const reports = events.map((event, index) => fixture.report(`web${index + 1}`, event));
      const pipe = memoryOutput();
      const terminal = memoryOutput({ isTTY: true, columns: 60 });
      await using plain = plainRunView(pipe);
      await using live = liveRunView(terminal);
      for (const view of [plain, live]) {
        view.update(snapshot(reports), reports);
        view.finish(snapshot(reports), 'detached');
      }
      assert.doesNotMatch(pipe.text().replaceAll('\n', ''), FORBIDDEN);
      const own = /\p{Cc}\[\d+(?:A\r|J)/gu;
      assert.doesNotMatch(terminal.text().replaceAll(own, '').replaceAll('\n', ''), FORBIDDEN);
    }),
  );
});

const FORBIDDEN = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;

test('with --json every line is an object and output of programs is left out', async () => {
  const output = memoryOutput();
  await using view = jsonRunView(output, fixture.run);
  const noise = fixture.report('web1', { kind: 'output', offset: 0, end: 10, text: 'Reading…' });
  const last = snapshot([web1Done]);
  view.update(last, [noise, web1Done]);
  view.finish(last, 'only-offline');
  const lines = output
    .text()
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  assert.deepEqual(lines, [
    { type: 'run', run: fixture.run },
    { type: 'report', ...web1Done },
    {
      type: 'summary',
      run: fixture.run.id,
      end: 'only-offline',
      counts: { changed: 1, queued: 2 },
      total: 3,
      ended: 1,
      bad: 0,
    },
  ]);
});

function screenOutput(columns: number, rows: number): { readonly screen: TerminalScreen; readonly output: Output } {
  const screen = new TerminalScreen(columns, rows);
  return {
    screen,
    output: { ...memoryOutput({ isTTY: true, colour: true, columns, rows }), write: (text) => screen.write(text) },
  };
}

test('the live view ends with the finished hosts, those left over, and the summary', async () => {
  const { screen, output } = screenOutput(80, 24);
  await using view = liveRunView(output);
  view.update(snapshot([accepted], ['web3']), [accepted]);
  view.finish(snapshot([accepted, web2Runs, web1Done], ['web3']), 'detached');
  const [first, second, third, last, ...more] = screen.lines();
  assert.match(first ?? '', /^web1 {2}✓ changed {6}nginx 1\.22 {20,}3\.1 s$/);
  assert.match(second ?? '', /^web2 {2}▸ committing {3}Unpacking nginx .*█+░+ {2}61 % .*3\.0 s$/);
  assert.match(third ?? '', /^web3 {2}… offline {6}last seen 2 h ago; waits until /);
  assert.match(last ?? '', /^run \w{26} {3}1 of 3 done, 1 changed$/);
  assert.deepEqual(more, []);
});

test('the live view never takes more rows than the screen has, however many hosts', async () => {
  const hosts = Array.from({ length: 500 }, (_, index) => `h${index}`);
  const many = runFixture(hosts);
  for (const [columns, rows] of [
    [80, 24],
    [20, 5],
    [8, 2],
  ] as const) {
    const { screen, output } = screenOutput(columns, rows);
    await using view = liveRunView(output);
    view.update({ state: many.after([]), presences: new Map(), forged: 0, now: CREATED_AT }, []);
    const lines = screen.lines();
    assert.ok(lines.length <= Math.max(2, rows - 1), `${lines.length} lines on ${rows} rows`);
    assert.ok(lines.every((line) => line.length < columns));
  }
});
