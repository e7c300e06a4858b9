import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChainHead } from '../core/chain-head.ts';
import { jobIdFor, makeRunId } from '../core/ids.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { digestOf, emptyChain, nextLine } from './chain.ts';
import type { HostEvent } from './host-event.ts';
import type { JournalEvent } from './journal-event.ts';
import { viewJournal } from './journal-view.ts';
import { verifyHost, type AptRecord, type HostEvidence } from './verify-host.ts';
import { verifyJournal } from './verify-journal.ts';

const NOW = Date.UTC(2026, 10, 25);
const web1 = hostNameSchema.parse('web1');
const old = hostNameSchema.parse('old');
const [mine, other] = ['ed25519:mine', 'ed25519:other'];
const sent = makeRunId(NOW, new Uint8Array(10));
const foreign = makeRunId(NOW + 1, new Uint8Array(10));
const digest = digestOf('');

function chainOf(events: readonly unknown[]): {
  readonly lines: readonly string[];
  readonly heads: readonly ChainHead[];
} {
  const lines: string[] = [];
  const heads: ChainHead[] = [];
  let head = emptyChain(digest);
  for (const event of events) {
    const next = nextLine(head, { at: NOW, event });
    head = next.head;
    lines.push(next.line);
    heads.push(head);
  }
  return { lines, heads };
}

const runLine: JournalEvent = {
  kind: 'run',
  run: sent,
  task: 'system.ping',
  args: {},
  argsDigest: digest,
  dryRun: false,
  target: 'all',
  hosts: [web1],
  hostCount: 1,
  hostsDigest: digest,
  key: mine,
  by: 'ada@here',
};

const begun: HostEvent = { kind: 'log-begun', fleet: fleetNameSchema.parse('lab'), host: web1 };

function accepted(change: Partial<Extract<HostEvent, { kind: 'accepted' }>> = {}): HostEvent {
  const job = jobIdFor(sent, web1);
  return { kind: 'accepted', job, task: 'system.ping', order: digest, key: mine, by: 'ada@here', log: null, ...change };
}

type Situation = {
  readonly events: readonly HostEvent[];
  readonly journal?: readonly JournalEvent[];
  readonly change?: Partial<HostEvidence>;
};

/** What is found, as `severity what line`. */
function found({ events, journal = [runLine], change }: Situation): readonly string[] {
  const { lines } = chainOf(events);
  const evidence: HostEvidence = {
    host: web1,
    first: 1,
    lines,
    broken: null,
    journals: [],
    apt: [],
    unreadable: [],
    reported: [],
    ...change,
  };
  const view = viewJournal(
    chainOf(journal)
      .lines.map((line) => `${line}\n`)
      .join(''),
  );
  const ownKeys = new Set([mine]);
  const { findings, verified } = verifyHost(evidence, { view, past: view.past, ownKeys });
  const all = [...verifyJournal(view, [evidence], ownKeys), ...findings];
  assert.equal(
    verified === null,
    findings.some(({ severity }) => severity === 'changed'),
  );
  return all.map(({ severity, what, line }) => `${severity} ${what} ${line}`);
}

function aptRun(origin: AptRecord['origin']): AptRecord {
  const [start, commandLine] = ['2026-11-25  00:00:00', 'apt-get install vim'];
  const rest = { end: null, requestedBy: null, job: null, changes: [], moreChanges: 0, error: null };
  return { apt: { start, commandLine, ...rest }, at: NOW, origin };
}

describe('a host', () => {
  const events = [begun, accepted()];
  const { heads } = chainOf(events);
  const journalHeads = chainOf([runLine]).heads;
  const seen = (head: Partial<ChainHead>): JournalEvent => ({
    kind: 'seen',
    run: sent,
    heads: [{ host: web1, size: 2, head: digest, ...heads[1], ...head }],
  });
  const replaced: JournalEvent = { kind: 'host', host: web1, what: 'replaced', detail: 'key', by: 'ada@here' };
  const rotated: JournalEvent = { kind: 'host', host: web1, what: 'rotated', detail: 'new', by: 'ada@here' };
  const change: HostEvent = { kind: 'key-replaced', job: jobIdFor(sent, web1), was: 'old', key: 'new' };
  const memory = { journal: digest, issuedAt: NOW, key: mine, ...(journalHeads[0] ?? { size: 1, head: '' }) };
  const acceptance: JournalEvent = {
    kind: 'findings-accepted',
    why: 'known',
    by: 'ada@here',
    heads: [],
    journals: [{ journal: digestOf('x'), size: memory.size, head: memory.head }],
  };
  const cases: readonly (readonly [string, Situation, readonly string[]])[] = [
    ['that did what was ordered is well', { events }, []],
    [
      'that did what another controller ordered is named',
      { events: [begun, accepted({ job: jobIdFor(foreign, web1), key: other })] },
      ['outside other-controller 2'],
    ],
    [
      'that did with your key what the journal does not know is found',
      { events: [begun, accepted({ job: jobIdFor(foreign, web1) })] },
      ['changed unknown-run 2'],
    ],
    [
      'that did what was sent to others is found',
      { events, journal: [{ ...runLine, hosts: [hostNameSchema.parse('web2')] }] },
      ['changed unknown-job 2'],
    ],
    [
      'whose key was rotated goes on with its log',
      { events: [...events, change], journal: [runLine, seen({}), rotated] },
      ['note key-rotated 3'],
    ],
    [
      'whose key was rotated is held against what was seen before',
      { events: [...events, change], journal: [runLine, seen({ head: digest }), rotated] },
      ['changed log-rewritten 2', 'note key-rotated 3'],
    ],
    [
      'whose key was rotated from elsewhere is named',
      { events: [...events, { ...change, key: 'other' }], journal: [runLine, rotated] },
      ['outside key-rotated 3'],
    ],
    ['whose heads are in its log is well', { events, journal: [runLine, seen({})] }, []],
    [
      'whose head was another is found',
      { events, journal: [runLine, seen({ head: digest })] },
      ['changed log-rewritten 2'],
    ],
    ['whose log was longer is found', { events, journal: [runLine, seen({ size: 5 })] }, ['changed log-cut 3']],
    ['that was replaced since begins anew', { events, journal: [runLine, seen({ size: 5 }), replaced] }, []],
    [
      'that had another name is held to what was seen of it then',
      {
        events,
        journal: [
          runLine,
          { kind: 'seen', run: sent, heads: [{ host: old, size: 5, head: digest }] },
          { kind: 'host', host: old, what: 'renamed', detail: web1, by: 'ada@here' },
        ],
      },
      ['changed log-cut 3'],
    ],
    [
      'that reported on a run that is not in its log is found',
      { events: [begun, begun], journal: [runLine, seen(chainOf([begun, begun]).heads[1] ?? {})] },
      ['changed missing-run null'],
    ],
    [
      'that finds its own log changed is believed',
      { events, change: { broken: { line: 1, what: 'changed' } } },
      ['changed log-changed 1'],
    ],
    [
      'on which apt was run by hand is named',
      { events, change: { apt: [aptRun('outside'), aptRun('celeroot')] } },
      ['outside apt-outside null'],
    ],
    [
      'on which apt was run with a false mark is found',
      { events, change: { apt: [aptRun('forged')] } },
      ['changed apt-forged null'],
    ],
    ['that remembers the journal as it is is well', { events, change: { journals: [memory] } }, []],
    [
      'that remembers a longer journal finds its end cut off',
      { events, change: { journals: [{ ...memory, size: 9 }] } },
      ['changed journal-cut 2'],
    ],
    [
      'that remembers another line finds it rewritten',
      { events, change: { journals: [{ ...memory, head: digest }] } },
      ['changed journal-rewritten 1'],
    ],
    [
      'that remembers another journal of your key finds it replaced',
      {
        events,
        change: {
          journals: [
            { ...memory, journal: digestOf('x') },
            { ...memory, journal: digestOf('y'), key: other },
          ],
        },
      },
      ['changed journal-replaced null'],
    ],
    [
      'that remembers a journal of which somebody knows why is well, and one that grew since is not',
      {
        events,
        journal: [runLine, acceptance],
        change: {
          journals: [
            { ...memory, journal: digestOf('x') },
            { ...memory, journal: digestOf('x'), size: 2 },
          ],
        },
      },
      ['changed journal-replaced null'],
    ],
    [
      'whose orders bore heads of the journal that it does not have finds it rewritten',
      { events: [begun, accepted({ log: { journal: digest, size: 1, head: digest } })] },
      ['changed journal-rewritten 1'],
    ],
  ];
  for (const [what, situation, expected] of cases) {
    test(what, () => assert.deepEqual(found(situation), expected));
  }
});
