import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CelerootError } from '../../src/core/errors.ts';
import { scheduleNameSchema } from '../../src/core/names.ts';
import { parseJsonAs } from '../../src/core/parse-json-as.ts';
import { decidedSlotSchema, type FireRecord, type SlotRecord } from '../../src/core/slot-record.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { keysFor } from '../../src/queue/names.ts';
import { signedByKeySchema } from '../../src/core/signed.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { makeFleetFolder } from '../support/fleet-folder.ts';
import type { Plan } from '../../src/scheduler/scheduler-context.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil, type TestRedis } from '../support/redis.ts';
import { readStagePlan, stageScheduler, type StageClock, type StagedScheduler } from '../support/scheduler-stage.ts';

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

/** Says how often a decision on each slot was made. */
function countDecisions(broker: ControllerBroker, made: Map<string, number>): ControllerBroker {
  return {
    ...broker,
    slots: {
      ...broker.slots,
      decide: async (id, record, lease) => {
        const isMade = await broker.slots.decide(id, record, lease);
        const key = `${id.schedule}@${id.slot}`;
        if (isMade) made.set(key, (made.get(key) ?? 0) + 1);
        return isMade;
      },
    },
  };
}

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

async function beatOnce(scheduler: StagedScheduler, tally: Tally): Promise<void> {
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
      const { record } = parseJsonAs(decidedSlotSchema, parseJsonAs(signedByKeySchema, text)?.text) ?? {};
      assert.ok(record !== undefined, text);
      return record;
    })
    .toSorted((one, other) => one.slot - other.slot);
}

type Tally = { deaths: number; outages: number };

/** Redis with a fleet on it, two schedulers, and a time that the test moves. */
type Storm = {
  readonly redis: TestRedis;
  readonly broker: ControllerBroker;
  readonly plan: Plan;
  readonly schedulers: readonly StagedScheduler[];
  readonly time: StageClock;
  readonly start: number;
  readonly tally: Tally;
};

/** Lets time pass, with outages of some minutes, clocks that are wrong by hours, and a Redis that is killed. */
async function rage({ redis, schedulers, time, start, tally }: Storm): Promise<void> {
  while (time.now < start + SLOTS * MINUTE) {
    time.now += Math.floor(Math.random() * (Math.random() < 0.01 ? 30 * MINUTE : 40_000));
    for (const scheduler of schedulers) {
      if (Math.random() < 0.01) scheduler.ahead = scheduler.ahead === 0 ? (Math.random() - 0.5) * 48 * 60 * MINUTE : 0;
    }
    const restart = Math.random() < 0.004 ? redis.kill().then(() => redis.start()) : null;
    await Promise.all(schedulers.map((scheduler) => beatOnce(scheduler, tally)));
    await restart;
  }
}

/** Until all that waited is decided and sent, or too late. */
async function calmDown({ broker, schedulers, time, tally }: Storm): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    await broker.serverTime().then(
      () => true,
      () => false,
    );
  await waitUntil(isThere, 'Redis');
  for (const scheduler of schedulers) scheduler.ahead = 0;
  for (let minute = 0; minute < 45; minute += 1) {
    time.now += MINUTE;
    // Whose lease it was has died for good.
    if (minute % 15 === 0) await sleep(40);
    await Promise.all(schedulers.map((scheduler) => beatOnce(scheduler, tally)));
  }
}

/** The slots that a decision is about: of more than a hundred that were missed the oldest are written down as one. */
function slotsOf(record: SlotRecord, isSlot: (minute: number) => boolean): readonly number[] {
  const count = record.kind === 'miss' ? record.count : 1;
  const slots: number[] = [];
  for (let at = record.slot; slots.length < count; at -= MINUTE) if (isSlot(at / MINUTE)) slots.push(at);
  return slots;
}

/** Each slot there was has a decision, and nothing else has; returns the decisions to fire. */
async function requireDecided({ redis, time, start }: Storm, name: string): Promise<readonly FireRecord[]> {
  const isSlot = EVERY[name] ?? (() => false);
  const records = await recordsOf(redis, name);
  const decided = new Set(records.flatMap((record) => slotsOf(record, isSlot)));
  // Younger ones may still wait.
  const settled = Math.floor((time.now - 21 * MINUTE - start) / MINUTE);
  const slots = Array.from({ length: settled }, (_, index) => start + (index + 1) * MINUTE);
  const open = slots.filter((slot) => isSlot(slot / MINUTE) && !decided.has(slot));
  assert.deepEqual(
    open.map((slot) => new Date(slot).toISOString()),
    [],
    `${name}: slots that nobody decided`,
  );
  assert.deepEqual(
    records.filter(({ slot }) => slot <= start || !isSlot(slot / MINUTE)),
    [],
    `${name}: slots that are none`,
  );
  return records.flatMap((record) => (record.kind === 'fire' ? [record] : []));
}

/** The jobs that wait for all hosts, none of them twice. */
async function jobsOf({ redis, plan }: Storm): Promise<ReadonlySet<string>> {
  const keys = keysFor(redis.settings.environment);
  const all: string[] = [];
  for (const host of plan.fleet.hosts.keys()) {
    const listed = await redis.command('LRANGE', keys.queue({ kind: 'host', host }, 'wait'), '0', '-1');
    all.push(...listed.split('\n').filter((job) => job !== ''));
  }
  assert.equal(new Set(all).size, all.length, 'a job that was queued twice');
  return new Set(all);
}

test('of two schedulers that die anywhere, with Redis killed and clocks set, each slot is decided once and sent once', async () => {
  await using redis = await startRedis({ args: ['--appendfsync', 'always'] });
  await using folder = await makeFleetFolder({
    broker: `{ url: "redis://127.0.0.1:${redis.port}", environment: ${redis.settings.environment} }`,
    roles: '  webserver:\n  db:\n',
    more: SCHEDULES,
  });
  const plan = await readStagePlan(folder.file);
  await using broker = await openControllerBroker(redis.settings);
  const start = Math.ceil(Date.now() / MINUTE) * MINUTE;
  const time = { now: start };
  let isLethal = true;
  const chance = (): boolean => isLethal && Math.random() < 0.004;
  const made = new Map<string, number>();
  const counted = countDecisions(broker, made);
  const stage = { plan: () => plan, time, leaseMs: 20, broker: () => deadly(counted, chance) };
  const schedulers = [stageScheduler(stage), stageScheduler(stage)];
  const storm = { redis, broker, plan, schedulers, time, start, tally: { deaths: 0, outages: 0 } };
  for (const scheduler of schedulers) await beatOnce(scheduler, storm.tally);

  await rage(storm);
  isLethal = false;
  await calmDown(storm);

  assert.deepEqual(
    [...made].filter(([, times]) => times > 1),
    [],
    'slots that were decided twice',
  );
  const fired = (await Promise.all(Object.keys(EVERY).map((name) => requireDecided(storm, name)))).flat();
  const jobs = await jobsOf(storm);
  const wanted = fired.flatMap(({ slot, run, starts }) => starts.map(({ host }) => ({ slot, job: `${run}.${host}` })));
  const unsent = wanted.filter(({ job }) => !jobs.has(job));
  assert.equal(jobs.size, wanted.length - unsent.length, 'no job but those of slots that fired');
  // What nobody was there to send in time ends with its slot, and is said.
  const late = unsent.filter(({ slot }) => slot < time.now - 16 * MINUTE).length;
  const said = schedulers.flatMap(({ log }) => log).filter((line) => /ended before \d+ hosts? had /.test(line)).length;
  assert.ok(late <= said * 2, `${late} orders were not sent, and ${said} slots told`);
  const open = await broker.slots.unsent();
  assert.ok(open.every(({ slot }) => slot > time.now - 16 * MINUTE));
  const tale = JSON.stringify({ fired: fired.length, late, ...storm.tally });
  assert.ok(fired.length > SLOTS / 5 && storm.tally.deaths > SLOTS / 40, tale);
});
