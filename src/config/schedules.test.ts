import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../core/errors.ts';
import { editText } from './edit.ts';
import { effectiveConfig, renderEffectiveConfig } from './effective-config.ts';
import type { FleetConfig } from './fleet-config.ts';
import { removeHost, renameHost } from './host-edits.ts';
import { parseFleet } from './parse-config.ts';
import { parseYaml } from './yaml-document.ts';

const HEAD = `version: 1
fleet: test
roots: [ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=]
broker: { embedded: true }
roles: { web: , db: }
hosts:
  web1: { roles: [web] }
  db1: { roles: [db] }
`;

function parse(text: string): FleetConfig {
  return parseFleet({ file: '/srv/celeroot.yaml', text: HEAD + text }, {});
}

/** The complaints about a file, without its name. */
function complaints(text: string): readonly string[] {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split('\n').map((line) => line.replace(/^.*celeroot\.yaml:/, ''));
  }
  return assert.fail('expected complaints');
}

test('schedules and calendars are read with their defaults, in the order of the file', () => {
  const fleet = parse(`calendars:
  year-end: { kind: freeze, times: [{ from: 2026-12-18, until: 2027-01-03 }], files: [more.ics], roles: [db] }
schedules:
  b-first:
    task: apt.upgrade
    args: { security_only: true, nested: [1, { a: null }] }
    target: { roles: [web], exclude: [web1] }
    cron: "0 3 * * *"
    timezone: Europe/Amsterdam
    splay: 20m
    start_within: 2h
  a-second: { task: system.facts, target: { all: true }, every: 6h, ignore_calendars: [year-end] }
`);

  assert.deepEqual([...fleet.schedules.keys()], ['b-first', 'a-second']);
  const [first, second] = [...fleet.schedules.values()];
  assert.partialDeepStrictEqual(first, {
    task: 'apt.upgrade',
    args: { security_only: true, nested: [1, { a: null }] },
    target: { roles: ['web'], hosts: [], all: false, exclude: ['web1'] },
    misfire: null,
    overlap: 'skip',
    splayMs: 1_200_000,
    startWithinMs: 7_200_000,
    deadlineMs: 3_600_000,
  });
  assert.equal(first?.zone.name, 'Europe/Amsterdam');
  assert.partialDeepStrictEqual(second, { ignoredCalendars: ['year-end'], splayMs: 0, startWithinMs: 3_600_000 });
  const [calendar] = [...fleet.calendars.values()];
  assert.partialDeepStrictEqual(calendar, {
    kind: 'freeze',
    files: ['/srv/more.ics'],
    times: [{ kind: 'once', from: Date.UTC(2026, 11, 18), until: Date.UTC(2027, 0, 4) }],
    roles: ['db'],
  });
});

test('what is shown as the configuration in effect says the same when it is read again', () => {
  const fleet = parse(`schedules:
  nightly: { task: apt.upgrade, args: { list: [1, { a: null }] }, target: { all: true }, cron: "*/5 3 * * *" }
`);
  const again = parseYaml(renderEffectiveConfig(fleet));

  assert.deepEqual(again.problems, []);
  assert.partialDeepStrictEqual(again.value, { schedules: effectiveConfig(fleet)['schedules'] });
});

test('what is wrong with schedules and calendars comes at once, each with its place', () => {
  assert.deepEqual(
    complaints(`calendars:
  help: { kind: freeze, times: [{ from: 2026-12-18, until: 2026-12-01 }] }
  c1: { kind: closed, times: [{ from: 2026-12-18, until: 2027-01-03 }] }
  c2: { kind: freeze }
  c3: { kind: freeze, times: [{ cron: "0 0 * * *" }], hosts: [web2], roles: [wbe] }
  c4: { kind: freeze, timezone: Mars, times: [{ cron: "H 0 * * *", for: 1h }, { cron: "0 0 * *", for: 32d }] }
schedules:
  s1: { task: upgrade, target: { all: true }, cron: "0 3 * * *" }
  s2: { task: apt.upgrade, target: {}, cron: "0 25 * * *", timezone: Europe/Amsterdm }
  s3: { task: apt.upgrade, target: { roles: [wbe], hosts: [web2, "web*"], exclude: ["@dbs", db2] }, every: 6h }
  s4: { task: apt.upgrade, target: { all: true }, cron: "@daily", every: 1h, ignore_calendars: [c9] }
  s6: { task: apt.upgrade, target: { all: true }, every: 6 }
  s5: { task: apt.upgrade, target: { all: true }, at: [noon], splay: 2h, overlap: forbid, nights: true }
`).map((line) => line.replace(/; (did you mean|known are|see|defined|for example).*$/, '')),
    [
      '10:3: calendars/help: this is a word of the command line; choose another name',
      '10:60: calendars/help/times/0/until: 2026-12-01 is not after 2026-12-18',
      '11:15: calendars/c1/kind: expected freeze or maintenance, got "closed"',
      '12:7: calendars/c2: expected times or files: as it is, it never holds',
      '13:31: calendars/c3/times/0: expected either cron and for, or from and until',
      '13:62: calendars/c3/hosts: there is no host web2',
      '13:77: calendars/c3/roles: there is no role wbe',
      '14:103: calendars/c4/times/1/for: expected a duration from 1m to 31d, such as 20m or 1h30m, got "32d"',
      '16:15: schedules/s1/task: expected a task such as apt.upgrade, got "upgrade"',
      '17:36: schedules/s2/target: expected roles, hosts or all: true',
      '17:46: schedules/s2/cron: hour: 25 is not one of 0-23',
      '17:70: schedules/s2/timezone: there is no time zone Europe/Amsterdm',
      '18:45: schedules/s3/target/roles: there is no role wbe',
      '18:59: schedules/s3/target/hosts: there is no host web2',
      '18:84: schedules/s3/target/exclude: there is no role dbs',
      '18:84: schedules/s3/target/exclude: there is no host db2',
      '19:7: schedules/s4: expected exactly one of cron, every, at; got cron and every',
      '19:96: schedules/s4/ignore_calendars: there is no calendar c9',
      '20:58: schedules/s6/every: expected text, got 6',
      '21:83: schedules/s5/overlap: expected skip or queue or allow, got "forbid"',
      '21:91: schedules/s5/nights: is not known here',
    ],
  );
});

test('an interval, an anchor, single times and calendars that cannot be are refused where they stand', () => {
  assert.deepEqual(
    complaints(`calendars:
  c4: { kind: freeze, timezone: Mars, times: [{ cron: "H 0 * * *", for: 1h }, { cron: "0 0 * *", for: 3d }] }
schedules:
  s1: { task: apt.upgrade, target: { all: true }, at: [noon], splay: 2h }
  s2: { task: apt.upgrade, target: { all: true }, every: 5s }
  s3: { task: apt.upgrade, target: { all: true }, every: 5h, anchor: noon }
`).map((line) => line.slice(0, 80)),
    [
      '10:33: calendars/c4/timezone: there is no time zone Mars; for example Europe/Ams',
      '10:55: calendars/c4/times/0/cron: H is not for calendars: say when',
      '10:87: calendars/c4/times/1/cron: expected five fields (minute, hour, day of mon',
      '12:55: schedules/s1/at: expected a time such as 2026-12-24T18:00, in the time zo',
      '12:70: schedules/s1/splay: expected less than start_within, 1h',
      '13:58: schedules/s2/every: expected a duration from 1m to 366d, such as 6h',
      '14:70: schedules/s3/anchor: expected a time such as 2026-12-24T18:00, in the tim',
    ],
  );
});

test('a host that gets another name keeps its place in schedules and calendars; one that is named cannot go', () => {
  const text = `calendars:
  c: { kind: freeze, times: [{ from: 2026-12-18, until: 2027-01-03 }], hosts: [web1] }
schedules:
  s: { task: apt.upgrade, target: { hosts: [web1, db1], exclude: [web1] }, every: 6h }
`;
  const fleet = parse(text);
  const read = (changed: string): FleetConfig => parseFleet({ file: '/srv/celeroot.yaml', text: changed }, {});
  const renamed = read(editText(HEAD + text, renameHost(fleet, 'web1', 'web9')));

  assert.deepEqual(
    [...renamed.schedules.values()].map(({ target }) => [target.hosts, target.exclude]),
    [[['db1', 'web9'], ['web9']]],
  );
  assert.deepEqual(
    [...renamed.calendars.values()].map(({ hosts }) => hosts),
    [['web9']],
  );
  const without = editText(HEAD + text, removeHost(fleet, 'web1'));
  assert.throws(() => read(without), /calendars\/c\/hosts: there is no host web1;.*\n.*schedules\/s\/target\/hosts/);
});

test('a schedule names a roll-out of the file, and has no splay beside it', () => {
  const text = (rules: string): string =>
    `rollouts: { careful: { canary: 1 } }\nschedules:\n  s: { task: apt.upgrade, target: { all: true }, every: 1h, ${rules} }\n`;
  assert.equal([...parse(text('rollout: careful')).schedules.values()][0]?.rollout, 'careful');
  assert.match(
    complaints(text('rollout: carefull')).join(),
    /s\/rollout: there is no roll-out carefull; did you mean careful\?/,
  );
  assert.match(complaints(text('rollout: careful, splay: 5m')).join(), /s\/splay: expected none: the batches/);
});
