import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createApp } from '../../src/commands/app.ts';
import { SCHEDULE_VERBS } from '../../src/core/names.ts';
import { runCli, testContext, type CliResult } from '../support/cli.ts';
import { makeFleetFolder, type FleetFolder, type FleetFolderOptions } from '../support/fleet-folder.ts';

const SCHEDULES = `calendars:
  year-end:
    kind: freeze
    timezone: Europe/Amsterdam
    times: [{ from: 2026-12-18, until: 2027-01-03 }]
    roles: [db]
  holidays:
    kind: freeze
    timezone: Europe/Amsterdam
    files: [holidays.ics]
schedules:
  nightly:
    description: Security fixes
    task: apt.upgrade
    args: { security_only: true }
    target: { all: true }
    cron: "30 2 * * *"
    timezone: Europe/Amsterdam
    start_within: 2h
    splay: 20m
  facts:
    task: system.facts
    target: { roles: [webserver] }
    every: 12h
`;

const HOLIDAYS = `BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20201226
RRULE:FREQ=YEARLY
END:VEVENT
END:VCALENDAR
`;

const NOW = Date.parse('2026-12-24T12:00Z');

let folder: FleetFolder;
before(async () => {
  folder = await makeFleetFolder({ more: SCHEDULES });
  await writeFile(join(folder.path, 'holidays.ics'), HOLIDAYS);
});
after(() => folder[Symbol.asyncDispose]());

async function run(...args: readonly string[]): Promise<CliResult> {
  return await runCli(args, { cwd: folder.path, clock: { now: () => NOW } });
}

test('schedules ls works without Redis and says what it does not know', async () => {
  const { code, stdout, stderr } = await run('schedules', 'ls');
  assert.equal(code, 0);
  assert.equal(
    stdout,
    [
      'SCHEDULE  TASK          WHEN             HOSTS  NEXT                               PAUSED',
      'nightly   apt.upgrade   cron 30 2 * * *  3      2026-12-25 02:30 Europe/Amsterdam  ?',
      'facts     system.facts  every 12h        2      2026-12-25 00:00 UTC               ?',
      '',
    ].join('\n'),
  );
  assert.match(stderr, /^warning: .*showing only what/);
  assert.deepEqual(await run('schedules'), await run('schedules', 'list'));
});

test('schedules next says which schedules cannot run as they are', async () => {
  const more = `scheduler_key: clock.key
schedules:
  typo: { task: apt.upgrad, target: { all: true }, every: 12h }
  barred: { task: system.facts, target: { roles: [db] }, every: 12h }
`;
  await using unsigned = await makeFleetFolder({ more });
  const typed = await runCli(['schedules', 'next', '--for', '12h'], { cwd: unsigned.path, clock: { now: () => NOW } });
  assert.match(typed.stdout, / typo +0 +cannot run: there is no task apt\.upgrad$/m);
  assert.match(typed.stdout, / barred +0 +cannot run: system\.facts is not allowed by the roles of db1$/m);

  const ping = '\nschedules:\n  ping: { task: system.ping, target: { roles: [webserver] }, every: 12h }\n';
  await using signed = await makeFleetFolder({ more: `scheduler_key: clock.key${ping}` });
  const { stdout } = await runCli(['schedules', 'next', '--for', '12h', '--json'], { cwd: signed.path });
  assert.match(stdout, /"fault": "there is no standing order for ping in /);
});

test('schedules next shows local time, UTC, hosts, and what calendars keep back', async () => {
  const { code, stdout } = await run('schedules', 'next', 'nightly', '--for', '3d');
  assert.equal(code, 0);
  assert.equal(
    stdout,
    [
      'LOCAL             ZONE              UTC               SCHEDULE  HOSTS          NOTE',
      '2026-12-25 02:30  Europe/Amsterdam  2026-12-25 01:30  nightly   2: web1, web2  left out db1: kept back by calendar year-end',
      '2026-12-26 02:30  Europe/Amsterdam  2026-12-26 01:30  nightly   0              skipped: kept back by calendar holidays',
      '2026-12-27 02:30  Europe/Amsterdam  2026-12-27 01:30  nightly   2: web1, web2  left out db1: kept back by calendar year-end',
      '',
    ].join('\n'),
  );
});

test('schedules next --json names every host, its moment, and why others are left out', async () => {
  const { stdout } = await run('schedules', 'next', '--for', '1d', '--json');
  const answer: unknown = JSON.parse(stdout);
  assert.partialDeepStrictEqual(answer, {
    slots: [
      { schedule: 'facts', utc: '2026-12-25T00:00:00.000Z', kind: 'fire' },
      {
        schedule: 'nightly',
        local: '2026-12-25 02:30',
        timezone: 'Europe/Amsterdam',
        starts: [{ host: 'web1' }, { host: 'web2' }],
        leftOut: [{ host: 'db1', reason: { code: 'CALENDAR' } }],
      },
      { schedule: 'facts', utc: '2026-12-25T12:00:00.000Z' },
    ],
    hasMore: false,
    brokerError: { code: 'BROKER_UNREACHABLE' },
  });
});

test('schedules next lists no more than asked for, and says so', async () => {
  const { stdout } = await run('schedules', 'next', '--limit', '2');
  assert.equal(stdout.split('\n').length, 5);
  assert.match(stdout, /\nand more; list them with {2}--limit\n$/);
  assert.equal((await run('schedules', 'next', 'nightly', '--for', '1h')).stdout, 'no slot within 1h\n');
});

test('schedules show and the name alone show the same, with the slots to come', async () => {
  const shown = await run('schedules', 'show', 'nightly');
  assert.equal(shown.code, 0);
  assert.match(
    shown.stdout,
    /^schedule +nightly\ndescription +Security fixes\ntask +apt\.upgrade \{"security_only":true\}\n/,
  );
  assert.match(shown.stdout, /\nmisfire +skip\n/);
  assert.match(shown.stdout, /\nnext +2026-12-25 02:30 Europe\/Amsterdam {2}left out db1: /);
  assert.deepEqual(await run('schedules', 'nightly'), shown);
  const { stdout } = await run('schedules', 'nightly', '--json');
  assert.partialDeepStrictEqual(JSON.parse(stdout), {
    schedule: {
      name: 'nightly',
      task: 'apt.upgrade',
      on: ['web1', 'web2', 'db1'],
      next: NOW + 13.5 * 3_600_000,
      paused: null,
    },
  });
});

test('a schedule that is not there is one error with what may have been meant', async () => {
  for (const words of [
    ['show', 'nightli'],
    ['pause', 'nightli'],
    ['resume', 'nightli'],
    ['next', 'nightli'],
  ]) {
    const { code, stderr } = await run('schedules', ...words);
    assert.equal(code, 5);
    assert.equal(stderr, 'error[UNKNOWN_SCHEDULE]: there is no schedule nightli\nhint: did you mean nightly?\n');
  }
  assert.match((await run('schedules', 'paus')).stderr, /did you mean {2}celeroot schedules pause\?/);
});

test('flags that mean nothing are refused', async () => {
  for (const [words, message] of [
    [['next', '--for', '400d'], '--for: expected 1s to 366d, got "400d"'],
    [['next', '--limit', 'all'], '--limit: expected a whole number of 1 or more, got "all"'],
    [['pause', 'nightly', '--until', 'later'], '--until: expected a time or a duration, got "later"'],
    [['pause', 'nightly', '--until', '2026-12-24T12:00'], '--until: expected a time to come, got "2026-12-24T12:00"'],
  ] as const) {
    const { code, stderr } = await run('schedules', ...words);
    assert.equal(code, 2, words.join(' '));
    assert.ok(stderr.startsWith(`error[USAGE]: ${message}\n`), stderr);
  }
});

test('a fleet without schedules says how to write one', async () => {
  await using empty = await makeFleetFolder();
  const { code, stdout } = await runCli(['schedules'], { cwd: empty.path });
  assert.equal(code, 0);
  assert.match(stdout, /^no schedules; .*celeroot config explain schedules\n$/);
});

test('an iCalendar file that is not there or not understood is one error with its place', async () => {
  await using broken = await makeFleetFolder({ more: SCHEDULES });
  const missing = await runCli(['schedules', 'next'], { cwd: broken.path });
  assert.deepEqual([missing.code, missing.stdout], [3, '']);
  assert.match(
    missing.stderr,
    /^error\[CALENDAR_UNUSABLE\]: calendar holidays: .*holidays\.ics cannot be read: ENOENT/,
  );
  await writeFile(join(broken.path, 'holidays.ics'), HOLIDAYS.replace('YEARLY', 'HOURLY'));
  const wrong = await runCli(['schedules', 'lint'], { cwd: broken.path });
  assert.match(wrong.stderr, /holidays\.ics:5: RRULE: FREQ=HOURLY is not supported\n/);
  const validated = await runCli(['config', 'validate'], { cwd: broken.path });
  assert.deepEqual([validated.code, validated.stdout, validated.stderr], [3, '', wrong.stderr]);
});

/** What lint finds in these schedules: code by code. */
async function lint(schedules: string, ...flags: readonly string[]): Promise<CliResult> {
  return await lintFleet({ more: schedules }, ...flags);
}

async function lintFleet(options: FleetFolderOptions, ...flags: readonly string[]): Promise<CliResult> {
  await using fleet = await makeFleetFolder(options);
  return await runCli(['schedules', 'lint', ...flags], { cwd: fleet.path, clock: { now: () => NOW } });
}

test('schedules lint finds nothing in what is well', async () => {
  const { code, stdout } = await lint(
    'schedules:\n  s: { task: system.ping, target: { roles: [webserver] }, cron: "0 3 * * *" }\n',
  );
  assert.deepEqual([code, stdout], [0, 'nothing found in 1 schedule\n']);
});

test('schedules lint finds each thing there is to find', async () => {
  const { code, stdout, stderr } = await lint(`calendars:
  nights: { kind: maintenance, times: [{ cron: "0 1 * * *", for: 2h10m }], roles: [webserver] }
  closed: { kind: freeze, times: [{ from: 2020-01-01, until: 2040-01-01 }], hosts: [db1] }
schedules:
  never: { task: system.ping, target: { roles: [webserver] }, cron: "0 0 30 2 *" }
  past: { task: system.ping, target: { roles: [webserver] }, at: [2025-01-01T00:00] }
  wrong: { task: apt.upgrad, target: { roles: [webserver] }, cron: "0 1 1 * *" }
  args: { task: apt.install, args: {}, target: { roles: [webserver] }, cron: "0 1 2 * *" }
  gap: { task: system.ping, target: { roles: [webserver] }, cron: "30 2 * * *", timezone: Europe/Amsterdam }
  gone: { task: system.ping, target: { roles: [webserver] }, at: [2027-03-28T02:30], timezone: Europe/Amsterdam, missing_hour: skip }
  short: { task: apt.update, target: { roles: [webserver] }, cron: "0 3 3 * *", splay: 50m }
  kept: { task: apt.update, target: { roles: [db] }, cron: "0 3 4 * *" }
  often: { task: apt.update, target: { hosts: [web1] }, cron: "0,30 1 5 * *", deadline: 1h }
  same: { task: apt.update, target: { roles: [webserver] }, cron: "15 1 5 1 *", deadline: 30m }
  rolled: { task: apt.update, target: { roles: [webserver] }, cron: "0 1 6 * *", rollout: slow }
  soaked: { task: apt.update, target: { roles: [webserver] }, cron: "0 1 7 * *", rollout: soaking }
  closing: { task: apt.update, target: { roles: [webserver] }, cron: "0 1 8 * *", rollout: slow, start_within: 3h }
rollouts:
  slow: { canary: 1, soak: 30m }
  soaking: { canary: 1, soak: 2h }
`);
  assert.equal(code, 5);
  assert.match(stderr, /^error\[SCHEDULES_FAULTY\]: schedules have 7 errors and \d+ warnings\n/, stdout);
  for (const [schedule, level, what, text] of [
    ['never', 'error', 'NEVER', 'it never fires: there is no such time'],
    ['past', 'warning', 'PAST', 'all its times are past'],
    ['wrong', 'error', 'CANNOT_RUN', 'there is no task apt.upgrad'],
    ['args', 'error', 'CANNOT_RUN', 'apt.install: '],
    ['gap', 'warning', 'CLOCK_CHANGE', '2027-03-28 02:30 does not exist in Europe/Amsterdam; it fires at 03:00, when'],
    ['gone', 'warning', 'CLOCK_CHANGE', '2027-03-28 02:30 does not exist in Europe/Amsterdam; it is left out'],
    ['short', 'warning', 'WINDOW_TOO_SHORT', 'at 12 of 12 slots, first 2027-01-03 03:00 UTC, hosts are left out: web'],
    ['kept', 'error', 'KEPT_BACK', 'calendars keep back every one of its next 12 slots on db1'],
    [
      'rolled',
      'warning',
      'WINDOW_TOO_SHORT',
      'its last hosts may begin 1 h 30 min after the slot (deadline of each step, and soak, of those before), and orders hold for 1 h',
    ],
    ['soaked', 'error', 'CANNOT_RUN', '2 batches with 2 h after each take 2 h, and orders expire after 1 h'],
    [
      'closing',
      'warning',
      'WINDOW_TOO_SHORT',
      'web1 begins at 2027-01-08 01:00 UTC and its window closes in 2 h 10 min, but all hosts in their turns may take 2 h 30 min',
    ],
    [
      'often',
      'warning',
      'OVERLAP',
      'slots are 30 min apart, and a run may take 1 h (splay and deadline): a slot meanwhile is left',
    ],
    [
      'often',
      'warning',
      'OVERLAP',
      'it and same may both be at work on web1, first at 2027-01-05 01:15 UTC; a host does one',
    ],
  ] as const) {
    const line = stdout.split('\n').find((each) => each.startsWith(`${schedule} `) && each.includes(text));
    assert.match(line ?? stdout, new RegExp(`^${schedule} +${level} +${what} +`), `${schedule} ${what}`);
  }
});

test('schedules lint counts each step of a turn, and the turns that a role’s limit makes', async () => {
  const { stdout } = await lintFleet({
    roles: '  web: { max_unavailable: 1 }\n',
    hosts: '  web1: { roles: [web] }\n  web2: { roles: [web] }\n  web3: { roles: [web], labels: { zone: a } }\n',
    more: `calendars:
  nights: { kind: maintenance, times: [{ cron: "0 1 * * *", for: 2h }] }
schedules:
  held: { task: apt.update, target: { all: true }, cron: "0 1 1 * *", start_within: 10m, ignore_calendars: [nights] }
  fits: { task: apt.update, target: { all: true }, cron: "0 1 2 * *", start_within: 11m, deadline: 5m }
  looks: { task: system.facts, target: { all: true }, cron: "0 1 3 * *", start_within: 10m }
  steps: { task: apt.update, target: { hosts: [web1] }, cron: "0 1 4 * *", rollout: around }
  hooks: { task: apt.update, target: { hosts: [web1, web2] }, cron: "0 1 5 * *", rollout: around, start_within: 3h }
  slip: { task: apt.update, target: { all: true }, cron: "0 1 6 * *", deadline: 1m, rollout: zoned }
  zoned: { task: apt.update, target: { all: true }, cron: "0 1 7 * *", deadline: 1m, rollout: zones }
rollouts:
  around: { check: { wait: 10m }, after: [{ task: system.ping }] }
  zoned: { by: zne }
  zones: { by: zone }
`,
  });

  const found = stdout.split('\n').slice(1, -1);
  for (const [schedule, ...whats] of [
    [
      'held',
      'WINDOW_TOO_SHORT  its last hosts may begin 2 h after the slot (max_unavailable, and deadline of those before), and orders hold for 10 min (start_within)',
    ],
    ['fits'],
    ['looks'],
    [
      'steps',
      'WINDOW_TOO_SHORT  web1 begins at 2027-01-04 01:00 UTC and its window closes in 2 h, but it may be at work for 4 h 10 min (deadline of each step)',
    ],
    [
      'hooks',
      'WINDOW_TOO_SHORT  its last hosts may begin 4 h 10 min after the slot (deadline of each step, and soak, of those before), and orders hold for 3 h (start_within)',
      'WINDOW_TOO_SHORT  web1 begins at 2027-01-05 01:00 UTC and its window closes in 2 h, but all hosts in their turns may take 8 h 20 min (deadline of each step, and soak)',
    ],
    ['slip', 'UNKNOWN_LABEL     none of its hosts has the label zne, which its roll-out zoned goes by'],
    ['zoned'],
  ] as const) {
    const own = found.filter((line) => line.startsWith(`${schedule} `));
    assert.deepEqual(
      own.map((line) => line.replace(/^\w+ +warning +/, '')),
      whats,
      stdout,
    );
  }
});

test('schedules lint says where a step of a roll-out is wrong, and how to sign what is not signed', async () => {
  const schedule = '{ task: apt.update, target: { roles: [webserver] }, cron: "0 3 * * *", ';
  const steps = 'before: [{ task: system.ping }, { task: hook.run, args: { nam: drain } }]';
  const wrong = await lint(`scheduler_key: clock.key
schedules:
  s: ${schedule} rollout: r }
rollouts:
  r: { ${steps} }
`);
  assert.match(
    wrong.stdout,
    /^s +error +CANNOT_RUN +rollouts\/r\/before\/1: hook\.run: name: expected string, it is missing; /m,
  );
  assert.match(
    wrong.stderr,
    /: schedules have 2 errors and 0 warnings\nhint: .* celeroot schedules sign\n {6}what is /,
  );

  const { stdout, stderr } = await lint(`scheduler_key: clock.key\nschedules:\n  s: ${schedule} }\n`);
  assert.match(stdout, /^s +error +NOT_SIGNED +there is no standing order for s in /m);
  assert.match(stderr, /: schedules have 1 error and 0 warnings\nhint: an operator .*: {2}celeroot schedules sign\n$/);
});

test('schedules lint finds events that never hold, for schedules they might be meant for', async () => {
  await using fleet = await makeFleetFolder({
    more: `calendars:
  change: { kind: freeze, files: [change.ics], roles: [webserver] }
schedules:
  held: { task: apt.update, target: { all: true }, cron: "0 3 * * *" }
  looks: { task: system.ping, target: { roles: [webserver] }, cron: "0 3 * * *" }
  other: { task: apt.update, target: { roles: [db] }, cron: "0 5 * * *" }
  free: { task: apt.update, target: { hosts: [web1] }, cron: "0 7 * * *", ignore_calendars: [change] }
`,
  });
  const event = (...lines: readonly string[]): string => ['BEGIN:VEVENT', ...lines, 'END:VEVENT\n'].join('\n');
  const events = [
    event('DTSTART:20270105T180000'),
    event('DTSTART:20270106T180000', 'DTEND:20270106T180000'),
    event('DTSTART;VALUE=DATE:20270107'),
  ];
  await writeFile(join(fleet.path, 'change.ics'), `BEGIN:VCALENDAR\n${events.join('')}END:VCALENDAR\n`);

  const { stdout } = await runCli(['schedules', 'lint'], { cwd: fleet.path, clock: { now: () => NOW } });

  const [line = '', ...more] = stdout.split('\n').filter((each) => each.includes('EMPTY_EVENT'));
  assert.match(
    line,
    /^held +warning +EMPTY_EVENT +2 events of calendar change, the first of 2027-01-05 18:00, without/,
  );
  assert.deepEqual(more, []);
});

test('schedules lint fails on warnings only when told to be strict', async () => {
  const schedules = 'schedules:\n  s: { task: system.ping, target: { roles: [webserver] }, at: [2025-01-01T00:00] }\n';
  assert.equal((await lint(schedules)).code, 0);
  const { code, stdout } = await lint(schedules, '--strict', '--json');
  assert.equal(code, 5);
  assert.deepEqual(JSON.parse(stdout), {
    schedules: 1,
    findings: [{ schedule: 's', level: 'warning', code: 'PAST', text: 'all its times are past' }],
  });
});

test('no schedule can have the name of a verb', async () => {
  const app = await createApp({ ...testContext(), exitWith: () => undefined }, { withTasks: false, json: false });
  const noun = app.commands.find((command) => command.name() === 'schedules');
  const verbs = noun?.commands.flatMap((command) => [command.name(), ...command.aliases()]) ?? [];
  assert.ok(verbs.includes('lint'));
  assert.deepEqual(
    verbs.filter((verb) => !SCHEDULE_VERBS.has(verb)),
    [],
  );
});

test('schedules show and next name the roll-out, with its batches', async () => {
  await using fleet = await makeFleetFolder({
    more: `rollouts:
  careful: { canary: 1, batches: [1], soak: 5m }
schedules:
  s: { task: apt.update, target: { roles: [webserver] }, cron: "0 3 * * *", rollout: careful }
`,
  });
  const run = async (...args: readonly string[]): Promise<string> =>
    (await runCli(['schedules', ...args], { cwd: fleet.path, clock: { now: () => NOW } })).stdout;
  const shown = await run('show', 's');
  assert.match(shown, /^roll-out +careful: 2 batches of 1, 1 hosts, 5 min after each$/m);
  assert.doesNotMatch(shown, /^splay/m);
  assert.match(await run('next', 's', '--for', '1d'), / 2: web1, web2 +roll-out careful$/m);
});
