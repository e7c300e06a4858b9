import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobIdFor } from '../../src/core/ids.ts';
import { scheduleNameSchema } from '../../src/core/names.ts';
import type { Delivery } from '../../src/queue/broker.ts';
import { openFailFastLink } from '../../src/queue/fail-fast-link.ts';
import type { Link } from '../../src/queue/link.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { rolloutBroker } from '../../src/queue/rollout-store.ts';
import { doneEvent, host, newRun, releasesOf, reportOf } from '../support/broker-data.ts';
import { facts, presence } from '../support/exercise-broker.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, waitUntil, type TestRedis } from '../support/redis.ts';
import type { Refusal } from '../../src/core/report.ts';
import { sealRun } from '../../src/trust/run-record.ts';
import { fleetName } from '../support/fleet.ts';
import { operatorKey, refusalsIn, runsIn, saidFacts, saidPresence, saidRefusal, saveRun } from '../support/spoken.ts';

forbidLeaks();

const web1 = host('web1');
const web2 = host('web2');
const DAY_MS = 24 * 3600 * 1000;

async function keysIn(redis: TestRedis): Promise<readonly string[]> {
  return (await redis.command('KEYS', '*')).split('\n').filter((key) => key !== '');
}

test('a run is stored once', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRun([web1]);
  await saveRun(controller, run);

  await assert.rejects(saveRun(controller, { ...run, task: 'apt.remove' }), { code: 'RUN_EXISTS' });

  assert.deepEqual(await runsIn(controller, 10), [run]);
});

test('runs are listed newest first and only as many as asked for', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const now = Date.now();
  const runs = [3, 1, 2].map((age) => ({ ...newRun([web1]), createdAt: now - age }));
  for (const run of runs) await saveRun(controller, run);

  assert.deepEqual(
    (await runsIn(controller, 2)).map(({ createdAt }) => now - createdAt),
    [1, 2],
  );
  assert.deepEqual(await runsIn(controller, 0), []);
});

test('what belongs to a run over age is forgotten when the next is stored, by Redis’ clock', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const [old, young] = [{ ...newRun([web1]), createdAt: Date.now() - 31 * DAY_MS }, newRun([web1])];
  const keys = keysFor(redis.settings.environment);
  await redis.command('SET', keys.run(old.id), JSON.stringify(sealRun(fleetName, old, operatorKey)));
  await redis.command('ZADD', keys.runs, String(old.createdAt), old.id);
  await using worker = await openWorkerBroker(redis.settings);
  await worker.report(old.id, reportOf(jobIdFor(old.id, web1), web1, doneEvent));
  await controller.appendReport(old.id, reportOf(jobIdFor(old.id, web1), web1, { kind: 'cancelled', message: 'm' }));
  await controller.setCancelMark(old.id, 'mark');

  await saveRun(controller, young);

  assert.deepEqual(await runsIn(controller, 10), [young]);
  const left = [keys.runs, keys.run(young.id), keys.writer(young.id)];
  assert.deepEqual((await keysIn(redis)).toSorted(), left.toSorted());
});

test('of more than 10,000 runs the oldest are forgotten', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);
  const now = Date.now();
  const script = `for i = 1, 10005 do redis.call('ZADD', KEYS[1], ARGV[1] + i, 'junk' .. i) end`;
  await redis.command('EVAL', script, '1', keys.runs, String(now - DAY_MS));

  await saveRun(controller, newRun([web1]));

  assert.equal(await redis.command('ZCARD', keys.runs), '10000');
  assert.equal(await redis.command('ZSCORE', keys.runs, 'junk6'), '');
  assert.notEqual(await redis.command('ZSCORE', keys.runs, 'junk7'), '');
});

test('every key of a run expires by itself', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRun([web1]);
  await using worker = await openWorkerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);

  await saveRun(controller, run);
  await worker.report(run.id, reportOf(jobIdFor(run.id, web1), web1, { kind: 'accepted' }));
  await controller.appendReport(run.id, reportOf(jobIdFor(run.id, web1), web1, { kind: 'cancelled', message: 'm' }));
  await controller.setCancelMark(run.id, 'mark');

  for (const key of [keys.run(run.id), keys.reports(run.id, web1), keys.reports(run.id, null), keys.cancel(run.id)]) {
    assert.ok(Number(await redis.command('PTTL', key)) > 29 * DAY_MS, key);
  }
});

test('orders that are kept expire, also when whoever keeps them dies over it', async () => {
  await using redis = await startRedis();
  await using link = await openFailFastLink(redis.settings);
  let asked = 0;
  const ask: Link['ask'] = async (operation) => {
    if ((asked += 1) > 1) throw new Error('died');
    return await link.ask(operation);
  };
  const run = newRun(Array.from({ length: 501 }, (_, index) => host(`web${index}`)));

  await assert.rejects(rolloutBroker({ ...link, ask }).keepOrders(run.id, releasesOf(run)), { message: 'died' });

  assert.ok(Number(await redis.command('PTTL', link.keys.orders(run.id))) > 29 * DAY_MS);
});

test('reports are read from where one left off, however many there are', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const { id } = newRun([]);
  const hosts = [web1, web2];
  const say = async (by: typeof web1, offset: number): Promise<void> => {
    const event = { kind: 'output', offset, end: offset + 1, text: 'x' } as const;
    await worker.report(id, reportOf(jobIdFor(id, by), by, event));
  };
  await Promise.all(Array.from({ length: 11_003 }, (_, offset) => say(web1, offset)));
  await say(web2, 0);

  const all = await controller.readReports({ run: id, hosts });
  await say(web2, 1);
  const more = await controller.awaitReports({ run: id, hosts, after: all.place }, 1000);

  const offsetsOf = (by: typeof web1): readonly number[] =>
    all.reports.flatMap(({ from, report }) =>
      from === by && report?.event.kind === 'output' ? report.event.offset : [],
    );
  assert.deepEqual(offsetsOf(web1), [...Array(11_003).keys()]);
  assert.deepEqual(offsetsOf(web2), [0]);
  assert.deepEqual(
    more.reports.map(({ from, report }) => [from, report?.event.kind]),
    [[web2, 'output']],
  );
  assert.deepEqual((await controller.readReports({ run: id, hosts, after: more.place })).reports, []);
});

test('hosts may have reported more in all than a call takes arguments', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const { id } = newRun([]);
  const hosts = Array.from({ length: 1500 }, (_, index) => host(`web${index}`));
  const keys = keysFor(redis.settings.environment);
  const script = `for host = 0, 1499 do for report = 1, 99 do redis.call('XADD', ARGV[1] .. host, '*', 'report', '') end end`;
  await redis.command('EVAL', script, '0', keys.reports(id, host('web0')).slice(0, -1));

  const { reports } = await controller.readReports({ run: id, hosts });

  assert.equal(reports.length, 1500 * 99);
});

test('a run of thousands of hosts is read at once, and then only where something is new', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const hosts = Array.from({ length: 3000 }, (_, index) => host(`web${index}`));
  const { id } = newRun([]);
  const say = async (by: typeof web1): Promise<void> =>
    await worker.report(id, reportOf(jobIdFor(id, by), by, { kind: 'accepted' }));
  await Promise.all(hosts.slice(0, 2999).map(say));

  const all = await controller.readReports({ run: id, hosts });
  const waiting = controller.awaitReports({ run: id, hosts, after: all.place }, 5000);
  await say(host('web2999'));

  assert.equal(new Set(all.reports.map(({ from }) => from)).size, 2999);
  assert.deepEqual(
    (await waiting).reports.map(({ from }) => from),
    ['web2999'],
  );
});

test('all of more reports than a call takes arguments are read', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);
  const { id } = newRun([]);
  const hosts = Array.from({ length: 1400 }, (_, index) => host(`web${index}`));
  const fill = "for _, key in ipairs(KEYS) do for i = 1, 100 do redis.call('XADD', key, '*', 'report', '{}') end end";
  await redis.command('EVAL', fill, String(hosts.length), ...hosts.map((name) => keys.reports(id, name)));

  assert.equal((await controller.readReports({ run: id, hosts })).reports.length, 140_000);
});

test('a key that is no stream has no reports and no refusals, and keeps nobody from reading those of others', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const { id } = newRun([]);
  const keys = keysFor(redis.settings.environment);
  const hosts = [web1, web2];
  await redis.command('RPUSH', keys.reports(id, web1), 'x');
  await redis.command('SET', keys.refusals(web1), 'x');
  await worker.report(id, reportOf(jobIdFor(id, web2), web2, { kind: 'accepted' }));
  const refusal: Refusal = { at: 1, queue: 'q', job: 'j', code: 'UNSIGNED', message: 'm' };
  await worker.refuse(web2, saidRefusal(web2, refusal));

  const read = await controller.readReports({ run: id, hosts });
  const awaited = await controller.awaitReports({ run: id, hosts }, 1000);

  assert.deepEqual(
    [...read.reports, ...awaited.reports].map(({ from }) => from),
    [web2, web2],
  );
  assert.deepEqual(await refusalsIn(controller, hosts), [{ host: web2, ...refusal }]);
});

test('a key that is no stream keeps nobody from reading those of others, also where it is read alone', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const { id } = newRun([]);
  // The operators' stream and these are one more than a command reads.
  const hosts = Array.from({ length: 100 }, (_, index) => host(`web${index}`));
  await redis.command('SET', keysFor(redis.settings.environment).reports(id, host('web99')), 'x');
  const first = host('web0');
  await worker.report(id, reportOf(jobIdFor(id, first), first, { kind: 'accepted' }));

  const { reports } = await controller.readReports({ run: id, hosts });

  assert.deepEqual(
    reports.map(({ from }) => from),
    [first],
  );
});

test('rubbish in Redis is null or left out, and does not stop what is good', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const run = newRun([web1, web2]);
  const keys = keysFor(redis.settings.environment);
  const good = reportOf(jobIdFor(run.id, web1), web1, doneEvent);
  await saveRun(controller, run);
  for (const text of [
    '{',
    '{}',
    '"x"',
    JSON.stringify({ ...good.report, extra: 1 }),
    JSON.stringify({ ...good.report, host: '../x' }),
  ]) {
    await redis.command('XADD', keys.reports(run.id, web1), '*', 'report', text);
  }
  await redis.command('XADD', keys.reports(run.id, web1), '*', 'other', good.text);
  await using worker = await openWorkerBroker(redis.settings);
  await worker.report(run.id, good);
  await redis.command('SET', keys.presence(web1), '{"version":1}');
  await redis.command('SET', keys.facts(web1), 'not json');
  await redis.command('XADD', keys.refusals(web1), '*', 'refusal', '[]');
  const spoilt = newRun([]);
  await redis.command('SET', keys.run(spoilt.id), '{}');
  await redis.command('ZADD', keys.runs, String(Date.now() + 1), spoilt.id, String(Date.now() + 2), 'no-run-id');

  assert.deepEqual(
    (await controller.readReports({ run: run.id, hosts: [web1] })).reports.map(({ report }) => report),
    [null, null, null, null, null, null, good.report],
  );
  assert.deepEqual(await controller.presences([web1]), new Map());
  assert.deepEqual(await controller.facts([web1]), new Map());
  assert.deepEqual(await refusalsIn(controller, [web1]), []);
  assert.deepEqual(await controller.runRecords([spoilt.id]), [{ id: spoilt.id, record: null }]);
  assert.deepEqual(await runsIn(controller, 10), [run]);
});

test('a schedule that is forgotten leaves nothing behind, also of a slot that waited', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  const [gone, stays] = [scheduleNameSchema.parse('gone'), scheduleNameSchema.parse('stays')];
  for (const schedule of [gone, stays]) await controller.slots.noticedAt({ schedule, slot: 1 }, 2);

  await controller.slots.forget(gone);

  const { noticed } = keysFor(redis.settings.environment);
  assert.equal(await redis.command('HKEYS', noticed), 'stays@1');
});

test('what a host said last takes the place of what it said before, and is kept for a month', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const keys = keysFor(redis.settings.environment);
  await worker.saveFacts(web1, saidFacts(web1, facts));
  await worker.announce(web1, saidPresence(web1, { ...presence, leaving: true }));
  await worker.announce(web1, saidPresence(web1, presence));

  assert.deepEqual(await controller.presences([web1, web2]), new Map([[web1, saidPresence(web1, presence)]]));
  assert.deepEqual(await controller.facts([web1, web2]), new Map([[web1, saidFacts(web1, facts)]]));
  assert.ok(Number(await redis.command('PTTL', keys.presence(web1))) > 29 * DAY_MS);
});

test('refusals come newest first and no more than a hundred or so are kept of a host', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const refusal = (at: number): Refusal => ({ at, queue: 'q', job: 'j', code: 'UNSIGNED', message: 'm' });
  await Promise.all(Array.from({ length: 500 }, (_, at) => worker.refuse(web1, saidRefusal(web1, refusal(at)))));

  const newest = await refusalsIn(controller, [web1, web2], { limit: 2 });

  assert.deepEqual(newest, [
    { host: web1, ...refusal(499) },
    { host: web1, ...refusal(498) },
  ]);
  assert.ok((await controller.refusals([web1], 5000)).length < 300);
});

test('an order released twice is queued once, and one withdrawn can be taken by nobody', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const run = newRun([web1, web2]);
  const counts: number[] = [];
  await controller.release(releasesOf(run), (count) => counts.push(count));
  await controller.release(releasesOf(run), (count) => counts.push(count));
  const jobs = run.jobs.map(({ id, to }) => ({ job: id, to }));

  const withdrawn = await controller.withdraw(jobs.slice(0, 1));
  const taken: Delivery[] = [];
  const consumers = [web1, web2].map((name) =>
    worker.consume({ kind: 'host', host: name }, 1, async (delivery) => void taken.push(delivery)),
  );
  await waitUntil(() => taken.length > 0, 'the order that was not withdrawn');
  await Promise.all(consumers.map((consumer) => consumer.drain()));

  assert.deepEqual(counts, [2, 2]);
  assert.deepEqual(withdrawn, [jobIdFor(run.id, web1)]);
  assert.deepEqual(
    taken.map(({ job }) => job),
    [jobIdFor(run.id, web2)],
  );
  assert.deepEqual(await controller.withdraw(jobs), []);
});

test('a finished job leaves nothing of itself in Redis', async () => {
  await using redis = await startRedis();
  await using controller = await openControllerBroker(redis.settings);
  await using worker = await openWorkerBroker(redis.settings);
  const run = newRun([web1]);
  await controller.release(releasesOf(run));
  const taken = Promise.withResolvers<void>();

  const consumer = worker.consume({ kind: 'host', host: web1 }, 1, async () => taken.resolve());
  await taken.promise;
  await consumer.drain();

  assert.deepEqual(
    (await keysIn(redis)).filter((key) => key.includes(run.id)),
    [],
  );
});
