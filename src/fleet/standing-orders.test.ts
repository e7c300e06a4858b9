import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFleet } from '../config/parse-config.ts';
import type { FleetConfig, Schedule } from '../config/fleet-config.ts';
import { addGrant, firstTrust, NO_END, revokeGrant } from '../trust/change-trust.ts';
import { makeSigningKey } from '../trust/key.ts';
import { signStandingOrder } from '../trust/standing-order.ts';
import { nextSlot } from '../schedule/slots.ts';
import { standingFor, standingOrdersOf } from './standing-orders.ts';

const [root, operator, clock] = [makeSigningKey(), makeSigningKey(), makeSigningKey()];
const now = Date.UTC(2026, 10, 26, 12, 34, 56);
const DAY_MS = 86_400_000;

function fleetOf(rules: string, more = ''): { readonly fleet: FleetConfig; readonly schedule: Schedule } {
  const text = `version: 1
fleet: test
roots: [${root.id}]
broker: { embedded: true }
roles: { web: , db: }
hosts: { web1: { roles: [web] }, db1: { roles: [db] } }
schedules:
  s: { task: apt.update, ${rules} }
${more}
`;
  const fleet = parseFleet({ file: '/srv/celeroot.yaml', text }, {});
  const [schedule] = [...fleet.schedules.values()];
  assert.ok(schedule !== undefined);
  return { fleet, schedule };
}

const trust = addGrant(
  firstTrust(fleetOf('target: { all: true }, every: 1h').fleet.fleet, { root: root.id, operator: operator.id }, now),
  {
    name: 'clock',
    kind: 'scheduler',
    key: clock.id,
    tasks: ['*'],
    hosts: ['*'],
    notBefore: 0,
    notAfter: NO_END,
    revokedAt: null,
  },
  now,
);

const RULES = 'target: { roles: [web], hosts: ["db*"], exclude: ["@db"] }, cron: "0 3 * * *", start_within: 2h';

test('a standing order says in the words of hosts what the schedule says, and stands for a year', () => {
  const { fleet, schedule } = fleetOf(RULES);
  const [standing] = standingOrdersOf(fleet, schedule, { now, by: 'ada' });
  assert.partialDeepStrictEqual(standing, {
    schedule: 's',
    when: '0 3 * * * UTC',
    to: { hosts: ['@web', 'db*'], except: ['@db'] },
    task: 'apt.update',
    limits: { expiresInMs: 7_200_000, deadlineMs: 3_600_000, lateMs: 7_200_000 },
    slots: { anchor: 0, everyMs: 60_000 },
  });
  assert.ok(standing.notBefore <= now && standing.notAfter > now + 364 * DAY_MS);
});

test('the slots of a schedule are slots of its standing order', () => {
  for (const rules of [
    'cron: "7 3 * * *", timezone: America/St_Johns',
    'every: 7h, anchor: 1969-05-05T03:07:11',
    'at: ["2026-12-24T18:00:30", "2026-12-25T18:01:30"]',
  ]) {
    const { fleet, schedule } = fleetOf(`target: { all: true }, ${rules}`);
    const [{ slots, to }] = standingOrdersOf(fleet, schedule, { now, by: 'ada' });
    const slot = nextSlot(schedule.timing, now) ?? 0;
    assert.equal((slot - slots.anchor) % slots.everyMs, 0, rules);
    assert.deepEqual(to, { hosts: ['*'], except: [] });
  }
});

test('what hosts could not hold a schedule against is not signed', () => {
  for (const [rules, why] of [
    ['every: 1h, start_within: 85h', /seven days at most/],
    ['at: ["2026-12-24T18:00:30", "2026-12-25T18:01:31"]', /its times are not whole minutes apart/],
  ] as const) {
    const { fleet, schedule } = fleetOf(`target: { all: true }, ${rules}`);
    assert.throws(() => standingOrdersOf(fleet, schedule, { now, by: 'ada' }), {
      code: 'SCHEDULES_FAULTY',
      message: why,
      hint: 'start_within may be 84h at most, and times are whole minutes apart',
    });
  }
  const { fleet, schedule } = fleetOf('target: { all: true }, every: 1h, start_within: 84h');
  assert.equal(standingOrdersOf(fleet, schedule, { now, by: 'ada' }).length, 1);
});

test('a standing order holds for the schedule that was signed, by an operator who is still one', () => {
  const { fleet, schedule } = fleetOf(RULES);
  const envelope = signStandingOrder(standingOrdersOf(fleet, schedule, { now, by: 'ada' })[0], operator);
  const orders = new Map([[schedule.name, [envelope]]]);
  assert.deepEqual(standingFor(fleet, schedule, { orders, trust, now }).signedBy, [operator.id]);

  const refused = (message: RegExp, other: Partial<Parameters<typeof standingFor>[2]>, rules = RULES): void => {
    const changed = fleetOf(rules);
    assert.throws(() => standingFor(changed.fleet, changed.schedule, { orders, trust, now, ...other }), {
      code: 'NOT_SIGNED',
      message,
      hint: 'an operator signs it with:  celeroot schedules sign s',
    });
  };
  refused(/there is no standing order for s/, { orders: new Map() });
  refused(/no operator’s key/, { trust: revokeGrant(trust, 'operator', now) });
  refused(/no operator’s key/, { orders: new Map([[schedule.name, ['rubbish']]]) });
  const byClock = signStandingOrder(standingOrdersOf(fleet, schedule, { now, by: 'x' })[0], clock);
  refused(/no operator’s key/, { orders: new Map([[schedule.name, [byClock]]]) });
  refused(/out of its time/, { now: now + 366 * DAY_MS });
  for (const [from, to] of [
    ['[web]', '[db]'],
    ['2h', '3h'],
    ['0 3', '0 4'],
    ['"@db"', '"web1"'],
    ['start_within', 'args: { x: 1 }, start_within'],
    ['start_within', 'deadline: 2h, start_within'],
    ['start_within', 'timezone: Asia/Tokyo, start_within'],
  ] as const) {
    refused(/was changed since/, {}, RULES.replace(from, to));
  }
});

test('each step of a roll-out has a standing order of its own, and all of them are signed as they are', () => {
  const rules = 'target: { all: true }, every: 1h, rollout: careful';
  const rollouts = (careful: string): string => `rollouts: { careful: { ${careful} } }`;
  const steps = 'check: {}, before: [{ task: apt.update }], after: [{ task: system.reboot }]';
  const { fleet, schedule } = fleetOf(rules, rollouts(steps));
  const all = standingOrdersOf(fleet, schedule, { now, by: 'ada' });
  assert.deepEqual(
    all.map(({ step, task }) => [step, task]),
    [
      [undefined, 'apt.update'],
      [1, 'system.check'],
      [2, 'apt.update'],
      [4, 'system.reboot'],
      [5, 'system.check'],
    ],
  );
  const envelopes = all.map((each) => signStandingOrder(each, operator));
  const orders = new Map([[schedule.name, envelopes]]);
  assert.equal(standingFor(fleet, schedule, { orders, trust, now }).steps.length, 4);

  const [own = '', first = '', ...others] = envelopes;
  for (const [changed, signed] of [
    [steps, [own]],
    [steps, [first, own, ...others]],
    ['check: { ports: [1] }, before: [{ task: apt.update }], after: [{ task: system.reboot }]', envelopes],
    ['check: {}, before: [{ task: apt.update }], after: [{ task: system.ping }]', envelopes],
    ['canary: 1', envelopes],
  ] as const) {
    const other = fleetOf(rules, rollouts(changed));
    assert.throws(
      () => standingFor(other.fleet, other.schedule, { orders: new Map([[schedule.name, signed]]), trust, now }),
      { code: 'NOT_SIGNED', message: /was changed since/ },
      changed,
    );
  }
});
