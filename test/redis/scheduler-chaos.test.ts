import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CelerootError } from '../../src/core/errors.ts';
import { scheduleNameSchema } from '../../src/core/names.ts';
import { parseJsonAs } from '../../src/core/parse-json-as.ts';
import { type SlotRecord, slotRecordSchema } from '../../src/core/slot-record.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil, type TestRedis } from '../support/redis.ts';
import { readStagePlan, stageScheduler, type StagedScheduler } from '../support/scheduler-stage.ts';

forbidLeaks();

/** `CELEROOT_FUZZ=50` makes ten thousand slots. */
const SLOTS = 200 * Number(process.env['CELEROOT_FUZZ'] ?? 1);
const MINUTE = 60_000;

/** A slot a minute in all: one that may overlap, one that may not, one that waits, one with splay and a calendar. */
const SCHEDULES = `calendars:
  pauses: { kind: freeze, times: [{ cron: "*/20 * * * *", for: 3m }], hosts: [web2] }
schedules:
  plain: { task: system.ping, target: { roles: [webserver] }, every: 2m, start_within: 8m, overlap: allow }
  single: { task: apt.update, target: { hosts: [web1] }, cron: "*/4 * * * *", start_within: 6m, deadline: 1m }
  patient: { task: apt.update, target: { hosts: [db1] }, every: 8m, start_within: 20m, overlap: queue, deadline: 1m }
  spread: { task: apt.update, target: { roles: [webserver] }, cron: "3-59/8 * * * *", splay: 5m, start_within: 15m, overlap: allow, misfire: run_once }
`;
const EVERY: Readonly<Record<string, (minute: number) => boolean>> = {
  plain: (minute) => minute % 2 === 0,
  single: (minute) => (minute % 60) % 4 === 0,
  patient: (minute) => minute % 8 === 0,
  spread: (minute) => (minute % 60) % 8 === 3,
};

/** How a scheduler dies: before what it was about to do, or after. */
class Killed extends Error {}

/** A broker at any step of which whoever uses it may be killed. */
function deadly(broker: ControllerBroker, chance: () => boolean): ControllerBroker {
  const wrap = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (key === 'slots' && typeof member === 'object' && member !== null) return wrap(member);
        if (typeof member !== 'function') return member;
        return async (...words: readonly unknown[]) => {
          if (chance()) throw new Killed();
          const answer: unknown = await Reflect.apply(member, target, words);
          if (chance()) throw new Killed();
          return answer;
        };
      },
    });
  return wrap({ ...broker });
}

async function beatOnce(scheduler: StagedScheduler, tally: { deaths: number; outages: number }): Promise<void> {
  try {
    await scheduler.beat();
  } catch (error) {
    if (error instanceof Killed) {
      tally.deaths += 1;
      scheduler.kill();
    } else if (error instanceof CelerootError && error.code === 'BROKER_UNREACHABLE') tally.outages += 1;
    else throw error;
  }
}

async function recordsOf(redis: TestRedis, name: string): Promise<readonly SlotRecord[]> {
  const keys = keysFor(redis.settings.environment);
  const prefix = keys.slot(scheduleNameSchema.parse(name), 0).slice(0, -1);
  const found = (await redis.command('KEYS', `${prefix}*`)).split('\n');
  const texts = await redis.command('MGET', ...found.filter((key) => /:\d+$/.test(key)));
  return texts
    .split('\n')
    .map((text) => {
      const record = parseJsonAs(slotRecordSchema, text);
      assert.ok(record !== null, text);
      return record;
    })
    .toSorted((one, other) => one.slot - other.slot);
}

test('of two schedulers that die anywhere, with Redis killed and clocks set, each slot is decided once and sent once', async () => {
  await using redis = await startRedis({ args: ['--appendfsync', 'always'] });
  const { port, environment } = { port: redis.port, environment: redis.settings.environment ?? '' };
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${port}", environment: ${environment} }`,
    roles: '  webserver:\n  db:\n',
    more: SCHEDULES,
  });
  const plan = await readStagePlan(folder.file);
  await using broker = await openControllerBroker(redis.settings);
  const start = Math.ceil(Date.now() / MINUTE) * MINUTE;
  const time = { now: start };
  const tally = { deaths: 0, outages: 0 };
  let lethal = true;
  const stage = {
    plan: () => plan,
    time,
    leaseMs: 20,
    broker: () => deadly(broker, () => lethal && Math.random() < 0.004),
  };
  const schedulers = [stageScheduler(stage), stageScheduler(stage)];
  const end = start + SLOTS * MINUTE;
  for (const scheduler of schedulers) await beatOnce(scheduler, tally);

  while (time.now < end) {
    // Now and then an outage of some minutes, or a clock that is wrong by hours.
    time.now += Math.random() < 0.01 ? Math.floor(Math.random() * 30) * MINUTE : Math.floor(Math.random() * 40_000);
    for (const scheduler of schedulers) {
      if (Math.random() < 0.01) scheduler.ahead = scheduler.ahead === 0 ? (Math.random() - 0.5) * 48 * 60 * MINUTE : 0;
    }
    const restart = Math.random() < 0.004 ? redis.kill().then(() => redis.start()) : null;
    await Promise.all(schedulers.map((scheduler) => beatOnce(scheduler, tally)));
    await restart;
  }
  lethal = false;
  await waitUntil(
    async () =>
      await broker.serverTime().then(
        () => true,
        () => false,
      ),
    'Redis',
  );
  for (const scheduler of schedulers) scheduler.ahead = 0;
  for (let minute = 0; minute < 45; minute += 1) {
    time.now += MINUTE;
    // Whose lease it was has died for good.
    if (minute % 15 === 0) await sleep(40);
    await Promise.all(schedulers.map((scheduler) => beatOnce(scheduler, tally)));
  }

  const keys = keysFor(environment);
  const fired: SlotRecord[] = [];
  let late = 0;
  let toCome = 0;
  for (const [name, isSlot] of Object.entries(EVERY)) {
    const records = await recordsOf(redis, name);
    const decided = new Map(records.map((record) => [record.slot, record]));
    // Younger ones may still wait.
    const settled = Math.floor((time.now - 21 * MINUTE - start) / MINUTE);
    const slots = Array.from({ length: settled }, (_, index) => start + (index + 1) * MINUTE);
    const expected = slots.filter((slot) => isSlot(slot / MINUTE));
    assert.deepEqual(
      expected.filter((slot) => !decided.has(slot)).map((slot) => new Date(slot).toISOString()),
      [],
      `${name}: slots that nobody decided`,
    );
    assert.deepEqual(
      records.filter(({ slot }) => slot <= start || !isSlot(slot / MINUTE)),
      [],
      `${name}: slots that are none`,
    );
    fired.push(...records.filter(({ kind }) => kind === 'fire'));
  }
  const waiting = new Map<string, readonly string[]>();
  for (const host of plan.fleet.hosts.keys()) {
    const queue = keys.queue({ kind: 'host', host }, 'wait');
    const jobs = (await redis.command('LRANGE', queue, '0', '-1')).split('\n');
    assert.equal(new Set(jobs).size, jobs.length, `${host}: a job that was queued twice`);
    waiting.set(host, jobs);
  }
  for (const record of fired) {
    assert.ok(record.kind === 'fire');
    for (const { host } of record.starts) {
      if (waiting.get(host)?.includes(`${record.run}.${host}`) === true) continue;
      if (record.slot > time.now - 16 * MINUTE) toCome += 1;
      else late += 1;
    }
  }
  const jobs = fired.flatMap((record) => (record.kind === 'fire' ? record.starts : []));
  assert.equal(
    [...waiting.values()].flat().length,
    jobs.length - late - toCome,
    'no job but those of slots that fired',
  );
  // What nobody was there to send in time ends with its slot, and is said.
  const said = schedulers
    .flatMap(({ log }) => log)
    .filter((line) => /ended before \d+ hosts had their orders/.test(line));
  assert.ok(late <= said.length * 2, `${late} orders were not sent, of which ${said.length} slots told`);
  assert.ok(
    fired.length > SLOTS / 5 && tally.deaths > SLOTS / 40,
    JSON.stringify({ fired: fired.length, ...tally, late }),
  );
  const unsent = await broker.slots.unsent();
  assert.deepEqual(
    unsent.filter(({ slot }) => slot < time.now - 16 * MINUTE),
    [],
  );
});
