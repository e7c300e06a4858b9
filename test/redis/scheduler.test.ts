import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runIdSchema } from '../../src/core/ids.ts';
import { scheduleNameSchema } from '../../src/core/names.ts';
import type { SlotRecord } from '../../src/core/slot-record.ts';
import { keysFor } from '../../src/queue/names.ts';
import { readPauses } from '../../src/fleet/believe-pauses.ts';
import { readLastSlots } from '../../src/fleet/believe-slots.ts';
import { witnessOf } from '../../src/fleet/witness.ts';
import { newMemory, type Plan } from '../../src/scheduler/scheduler-context.ts';
import { makeSigningKey, type SigningKey } from '../../src/trust/key.ts';
import { sealPause } from '../../src/trust/schedule-pause.ts';
import { sealSlot } from '../../src/trust/slot-record.ts';
import { runIdOfSlot } from '../../src/trust/standing-order.ts';
import { reconcile } from '../../src/scheduler/reconcile.ts';
import { host } from '../support/broker-data.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setStage, type Stage } from '../support/scheduler-scene.ts';
import type { StagedScheduler } from '../support/scheduler-stage.ts';

forbidLeaks();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type HostStart = Extract<SlotRecord, { kind: 'fire' }>['starts'][number];
const HOURLY = `schedules:
  hourly: { task: system.ping, target: { all: true }, every: 1h, start_within: 30m, misfire: skip }
`;

test('a slot fires as one run on the hosts of the file, and tells who is left out', async () => {
  await using stage = await setStage(HOURLY);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  assert.equal(await stage.last('hourly'), undefined, 'a rule that is new has no slots in the past');
  stage.time.now += HOUR;
  const nextAt = await scheduler.beat();

  const record = await stage.last('hourly');
  assert.partialDeepStrictEqual(record, { kind: 'fire', slot: stage.start + HOUR, leftOut: [] });
  assert.ok(record?.kind === 'fire' && nextAt <= stage.time.now + 15_000);
  for (const name of ['web1', 'web2', 'db1']) assert.deepEqual(await stage.jobs(name), [`${record.run}.${name}`]);
  assert.deepEqual(await stage.broker.slots.unsent(), []);
  await scheduler.beat();
  assert.equal((await stage.jobs('web1')).length, 1);
});

test('a slot noticed late is missed or done, as misfire says, and one after a long outage is one of many', async () => {
  await using stage = await setStage(`${HOURLY}  late:
    { task: system.ping, target: { hosts: [web1] }, every: 1h, start_within: 30m, misfire: run_once }
  often: { task: system.ping, target: { hosts: [web2] }, every: 1m, start_within: 30m, misfire: run_once, overlap: allow }
`);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  stage.time.now += 5 * HOUR + 20 * MINUTE;
  scheduler.kill();
  await scheduler.beat();

  assert.partialDeepStrictEqual(await stage.last('hourly'), {
    kind: 'miss',
    slot: stage.start + 5 * HOUR,
    reason: { code: 'LATE' },
  });
  assert.partialDeepStrictEqual(await stage.last('late'), { kind: 'fire', slot: stage.start + 5 * HOUR });
  const often = await stage.decided('often');
  assert.equal(often.length, 101);
  assert.deepEqual(
    often.map((record) => (record.kind === 'miss' ? record.count : record.kind)),
    ['fire', ...Array.from({ length: 99 }, () => 1), 220],
  );
});

test('a pause lets slots pass, and those after it fire', async () => {
  await using stage = await setStage(HOURLY);
  const [scheduler, other] = [stage.scheduler(), stage.scheduler()];
  await scheduler.beat();
  const pause = { until: stage.start + 90 * MINUTE, by: 'tester', at: stage.start };
  const place = { fleet: stage.plan().fleet.fleet, schedule: scheduleNameSchema.parse('hourly') };
  await stage.broker.savePause(place.schedule, sealPause(place, pause, await stage.operator()));
  stage.time.now += HOUR;
  await other.beat();
  assert.partialDeepStrictEqual(await stage.last('hourly'), { kind: 'miss', reason: { code: 'PAUSED' } });
  stage.time.now += HOUR;
  await scheduler.beat();
  assert.partialDeepStrictEqual(await stage.last('hourly'), { kind: 'fire', slot: stage.start + 2 * HOUR });
});

test('a pause that no operator has signed for that schedule pauses nothing, and is told', async () => {
  await using stage = await setStage(`${HOURLY}  other: { task: system.ping, target: { all: true }, every: 1h }\n`);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  const { fleet } = stage.plan().fleet;
  const [hourly, other] = [scheduleNameSchema.parse('hourly'), scheduleNameSchema.parse('other')];
  const pause = { until: null, by: 'tester', at: stage.start };
  await stage.broker.savePause(hourly, sealPause({ fleet, schedule: hourly }, pause, makeSigningKey()));
  // An operator's, for the other.
  await stage.broker.savePause(other, sealPause({ fleet, schedule: hourly }, pause, await stage.operator()));
  stage.time.now += HOUR;
  await scheduler.beat();
  for (const name of [hourly, other]) {
    assert.partialDeepStrictEqual(await stage.last(name), { kind: 'fire', slot: stage.start + HOUR });
    assert.match(scheduler.log.join('\n'), new RegExp(`^${name}: what Redis has for its pause no operator`, 'm'));
  }
  const witness = await witnessOf(stage.plan().fleet, Date.now());
  assert.deepEqual(await readPauses(stage.broker, witness), { pauses: new Map(), forged: [hourly, other] });
});

test('what nobody has signed in the place of a decision is not shown, and keeps its slot from firing with a word', async () => {
  await using stage = await setStage(HOURLY);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  const { fleet } = stage.plan().fleet;
  const schedule = scheduleNameSchema.parse('hourly');
  const keys = keysFor(stage.redis.settings.environment);
  const [first, second, third] = [1, 2, 3].map((hours) => stage.start + hours * HOUR);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const miss = (slot: number): SlotRecord => {
    const reason = { code: 'PAUSED', text: 'the schedule is paused' };
    return { kind: 'miss', slot, decidedAt: slot, by: 'x', reason, leftOut: [], count: 1 };
  };
  const place = { fleet, schedule };
  const operator = await stage.operator();
  const forgeries = [
    [first, JSON.stringify(miss(first))],
    [second, JSON.stringify(sealSlot(place, miss(second), makeSigningKey()))],
    // Signed, for another slot.
    [third, JSON.stringify(sealSlot(place, miss(first), operator))],
  ] as const;
  for (const [slot, text] of forgeries) {
    await stage.redis.command('SET', keys.slot(schedule, slot), text);
    await stage.redis.command('ZADD', keys.slots(schedule), String(slot), String(slot));
    stage.time.now = slot;
    await scheduler.beat();
  }
  stage.time.now += HOUR;
  await scheduler.beat();

  const told = scheduler.log.filter((line) => line.includes('nobody you trust has signed; it does not fire'));
  assert.equal(told.length, forgeries.length, scheduler.log.join('\n'));
  const witness = await witnessOf(stage.plan().fleet, Date.now());
  const { slots, forged } = await readLastSlots(stage.broker, witness, { schedule, count: 10 });
  assert.equal(forged, forgeries.length);
  assert.deepEqual(
    slots.map(({ kind, slot }) => [kind, slot]),
    [['fire', stage.time.now]],
  );
});

test('while a run goes on the next slot is missed, or waits until it has ended', async () => {
  const rules = 'target: { hosts: [web1] }, every: 10m, start_within: 15m, deadline: 1m';
  await using stage = await setStage(`schedules:
  skips: { task: apt.update, ${rules} }
  waits: { task: apt.update, ${rules}, overlap: queue }
`);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  stage.time.now += 10 * MINUTE;
  await scheduler.beat();
  const first = await stage.last('waits');
  stage.time.now += 10 * MINUTE;
  await scheduler.beat();
  assert.partialDeepStrictEqual(await stage.last('skips'), {
    kind: 'miss',
    slot: stage.start + 20 * MINUTE,
    reason: { code: 'OVERLAP' },
  });
  assert.deepEqual(await stage.last('waits'), first, 'it waits');
  // Nobody took the order of the first slot, so it ends when that expires.
  stage.time.now += 8 * MINUTE;
  scheduler.kill();
  await scheduler.beat();
  assert.partialDeepStrictEqual(await stage.last('waits'), { kind: 'fire', slot: stage.start + 20 * MINUTE });
});

const SPREAD = `schedules:
  spread: { task: system.ping, target: { all: true }, every: 1h, splay: 20m, start_within: 40m }
`;

test('each host gets its order at its own moment, also when whoever began it has died', async () => {
  await using stage = await setStage(SPREAD);
  const [first, second] = [stage.scheduler(1), stage.scheduler(60_000)];
  await first.beat();
  stage.time.now += HOUR;
  await first.beat();
  const record = await stage.last('spread');
  assert.ok(record?.kind === 'fire');
  const sent = async (): Promise<readonly string[]> => {
    const names = record.starts.map(({ host: name }) => name);
    const queues = await Promise.all(names.map(async (name) => ((await stage.jobs(name)).length > 0 ? [name] : [])));
    return queues.flat();
  };
  const due = (): readonly string[] =>
    record.starts.filter(({ at }) => at <= stage.time.now).map(({ host: name }) => name);
  const moments = record.starts.map(({ at }) => at).toSorted((one, other) => one - other);
  stage.time.now = moments[0] ?? 0;
  assert.equal(await first.beat(), Math.min(moments[1] ?? 0, stage.time.now + 15_000));
  assert.deepEqual(await sent(), due());
  assert.equal(due().length, 1);
  first.kill();
  stage.time.now = moments[1] ?? 0;
  await second.beat();
  assert.match(second.log.join('\n'), /goes on with run \w{26}, whose orders were not all sent/);
  assert.deepEqual(await sent(), due());
  stage.time.now = moments[2] ?? 0;
  await second.beat();
  assert.deepEqual((await sent()).length, 3);
  assert.deepEqual(await stage.broker.slots.unsent(), []);
});

const WINDOW = `calendars:
  half: { kind: maintenance, timezone: UTC, times: [{ cron: "0 * * * *", for: 30m }] }
schedules:
  window: { task: apt.update, target: { roles: [webserver] }, every: 1h, splay: 25m, start_within: 50m }
`;

/** Fires the slot of the schedule, and has the time come at which the first of its two hosts begins. */
async function beginFirst(stage: Stage, scheduler: StagedScheduler): Promise<readonly [HostStart, HostStart]> {
  await scheduler.beat();
  stage.time.now += HOUR;
  await scheduler.beat();
  const record = await stage.last('window');
  assert.ok(record?.kind === 'fire');
  const [one, other] = record.starts.toSorted((first, second) => first.at - second.at);
  assert.ok(one !== undefined && other !== undefined && one.at < other.at);
  stage.time.now = one.at;
  await scheduler.beat();
  assert.equal((await stage.jobs(one.host)).length, 1);
  return [one, other];
}

test('an order neither leaves after the maintenance it was meant for, nor holds longer', async () => {
  await using stage = await setStage(WINDOW);
  const [scheduler, other] = [stage.scheduler(1), stage.scheduler()];
  const [first, second] = await beginFirst(stage, scheduler);
  const closesAt = stage.start + HOUR + 30 * MINUTE;
  const [job = assert.fail()] = await stage.jobs(first.host);
  assert.equal((await stage.order(first.host, job)).expiresAt, closesAt);

  scheduler.kill();
  stage.time.now = closesAt + MINUTE;
  await other.beat();

  assert.deepEqual(await stage.jobs(second.host), []);
  assert.match(other.log.join('\n'), new RegExp(`ended before 1 host had its order: ${second.host}$`, 'm'));
  assert.deepEqual(await stage.broker.slots.unsent(), []);
});

test('a freeze that is written while hosts wait for their moments holds for them', async () => {
  await using stage = await setStage(WINDOW);
  const scheduler = stage.scheduler();
  const [, second] = await beginFirst(stage, scheduler);
  const from = new Date(second.at - (second.at % MINUTE)).toISOString().slice(0, 16);
  const freeze = `calendars:\n  stop: { kind: freeze, timezone: UTC, times: [{ from: ${from}, until: 2099-01-01 }] }\n`;
  await stage.rewrite(WINDOW.replace('calendars:\n', freeze));

  stage.time.now = second.at;
  await scheduler.beat();

  assert.deepEqual(await stage.jobs(second.host), []);
  assert.match(scheduler.log.join('\n'), new RegExp(`ended before 1 host had its order: ${second.host}$`, 'm'));
});

test('hosts that have not joined are left out, and a task that is not allowed is missed with the reason', async () => {
  await using stage = await setStage(
    `${HOURLY}  forbidden: { task: apt.update, target: { all: true }, every: 1h }
`,
    '  web1: { roles: [webserver] }\n  db1: { roles: [db] }\n  web2:\n    roles: [webserver]\n',
  );
  const scheduler = stage.scheduler();
  await scheduler.beat();
  stage.time.now += HOUR;
  await scheduler.beat();
  assert.partialDeepStrictEqual(await stage.last('hourly'), {
    kind: 'fire',
    starts: [{ host: 'web1' }, { host: 'db1' }],
    leftOut: [{ host: 'web2', reason: { code: 'NOT_JOINED' } }],
  });
  assert.partialDeepStrictEqual(await stage.last('forbidden'), {
    kind: 'miss',
    reason: { code: 'TASK_NOT_ALLOWED', text: 'apt.update is not allowed by the roles of db1' },
  });
});

test('a scheduler whose clock is not that of Redis fires nothing and says so', async () => {
  await using stage = await setStage(HOURLY);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  scheduler.ahead = 3 * HOUR;
  await scheduler.beat();
  assert.equal(await stage.last('hourly'), undefined);
  assert.match(scheduler.log.join('\n'), /the clock of this machine is 3 h ahead of that of Redis: nothing fires/);
  scheduler.ahead = 0;
  stage.time.now += HOUR;
  await scheduler.beat();
  assert.partialDeepStrictEqual(await stage.last('hourly'), { kind: 'fire', slot: stage.start + HOUR });
});

test('a scheduler without a key fires nothing and leaves the slot to another', async () => {
  await using stage = await setStage(HOURLY);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  stage.time.now += HOUR;
  const key = join(stage.folder.path, 'celeroot.key');
  await rename(key, `${key}.away`);
  await scheduler.beat();
  await scheduler.beat();
  assert.equal(await stage.last('hourly'), undefined);
  const said = scheduler.log.filter((line) => /^hourly: the slot of .* cannot fire here: .*celeroot\.key/.test(line));
  assert.equal(said.length, 1, 'it is said once');
  await rename(`${key}.away`, key);
  await scheduler.beat();
  assert.partialDeepStrictEqual(await stage.last('hourly'), { kind: 'fire' });
});

test('a rule that is changed has no slots of before, and what has left the file leaves Redis', async () => {
  await using stage = await setStage(HOURLY);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  stage.time.now += HOUR;
  await scheduler.beat();
  const fired = await stage.last('hourly');
  const tidy = async (plan: Plan): Promise<void> =>
    await reconcile({ broker: stage.broker, plan, memory: newMemory(), log: () => undefined });
  stage.time.now += 45 * MINUTE;
  await tidy(await stage.rewrite(HOURLY.replace('every: 1h', 'cron: "*/20 * * * *"')));
  await scheduler.beat();
  assert.deepEqual(await stage.last('hourly'), fired);
  assert.equal((await stage.broker.slots.decidedUntil()).size, 1);
  const pause = { text: '', signature: '', key: '' };
  await stage.broker.savePause(scheduleNameSchema.parse('hourly'), pause);
  await stage.broker.savePause(scheduleNameSchema.parse('to-come'), pause);

  await tidy(await stage.rewrite(HOURLY.replace('hourly', 'other')));

  assert.equal(await stage.last('hourly'), undefined);
  assert.deepEqual([...(await stage.broker.pauses()).keys()], ['to-come']);
  const left = (await stage.redis.command('KEYS', '*hourly*')).split('\n').filter((key) => key !== '');
  assert.deepEqual(left, []);
});

test('who controls Redis makes a scheduler fire nothing that the file does not say', async () => {
  await using stage = await setStage(`calendars:
  closed: { kind: freeze, times: [{ cron: "* * * * *", for: 1h }], hosts: [web2] }
schedules:
  some: { task: apt.update, target: { roles: [webserver] }, every: 1h, splay: 10m, start_within: 30m }
`);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  stage.time.now += 59 * MINUTE;
  const keys = keysFor(stage.redis.settings.environment);
  const schedule = scheduleNameSchema.parse('some');
  type Blow = { readonly at: number; readonly run?: string; readonly key?: SigningKey };
  const operator = await stage.operator();
  const { fleet } = stage.plan().fleet;
  // Most of what is struck with is signed: by a scheduler whose file says something else.
  const strike = async (slot: number, name: string, { at, run, key = operator }: Blow): Promise<void> => {
    const record: SlotRecord = {
      kind: 'fire',
      slot,
      decidedAt: slot,
      by: 'x',
      run: run === undefined ? runIdOfSlot(fleet, schedule, slot) : runIdSchema.parse(run),
      starts: [{ host: host(name), at }],
      leftOut: [],
    };
    const sealed = sealSlot({ fleet, schedule }, record, key);
    await stage.redis.command('SET', keys.slot(schedule, slot), JSON.stringify(sealed));
    await stage.redis.command('HSET', keys.unsent, `some@${slot}`, '0');
    await scheduler.beat();
    await stage.redis.command('DEL', keys.slot(schedule, slot), keys.sender(schedule, slot));
  };
  const slot = stage.start;
  await strike(slot + 30 * MINUTE, 'web1', { at: stage.time.now });
  stage.time.now = slot + 20 * MINUTE;
  await strike(slot, 'db1', { at: stage.time.now });
  await strike(slot, 'web2', { at: stage.time.now });
  await strike(slot, 'web1', { at: slot });
  await strike(slot, 'web1', { at: stage.time.now, run: '01J00000000000000000000000' });
  await strike(slot + HOUR, 'web1', { at: stage.time.now });
  stage.time.now = slot + 40 * MINUTE;
  await strike(slot, 'web1', { at: slot + 20 * MINUTE });
  stage.time.now = slot + 20 * MINUTE;
  await strike(slot, 'web1', { at: stage.time.now, key: makeSigningKey() });
  await scheduler.beat();
  const left = scheduler.log.filter((line) => line.endsWith('nobody you trust has signed; it is left alone'));
  assert.equal(left.length, 1, 'it is said once');
  for (const each of ['web1', 'web2', 'db1']) assert.deepEqual(await stage.jobs(each), [], each);
  assert.deepEqual(await stage.broker.slots.unsent(), [{ schedule, slot, sentUntil: 0 }]);

  // What the file does say goes on to be sent.
  scheduler.kill();
  stage.time.now = slot + 20 * MINUTE;
  await strike(slot, 'web1', { at: stage.time.now });
  assert.equal((await stage.jobs('web1')).length, 1);
});

test('a time to come at which all is decided keeps nothing from firing', async () => {
  await using stage = await setStage(HOURLY);
  const scheduler = stage.scheduler();
  await scheduler.beat();
  const keys = keysFor(stage.redis.settings.environment);
  const [rule = ''] = (await stage.broker.slots.decidedUntil()).keys();
  await stage.redis.command('HSET', keys.decidedUntil, rule, String(stage.start + 1000 * HOUR));
  await scheduler.beat();
  stage.time.now += HOUR;
  await scheduler.beat();
  assert.partialDeepStrictEqual(await stage.last('hourly'), { kind: 'fire', slot: stage.start + HOUR });
});
