import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { jobIdFor } from '../../src/core/ids.ts';
import { keysFor, prefixFor } from '../../src/queue/names.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { doneEvent, host, newRun, queue, releasesOf, reportOf } from '../support/broker-data.ts';
import { facts, presence } from '../support/exercise-broker.ts';
import { enrol, startGuardedRedis, type GuardedRedis } from '../support/guarded-redis.ts';
import { attempt, REFUSED } from '../support/attempt-attack.ts';
import { hostAttacks } from '../support/host-attacks.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { poisonedJobs } from '../support/poisoned-jobs.ts';
import { waitUntil } from '../support/redis.ts';
import { saidFacts, saidPresence, saidRefusal, saveRun } from '../support/spoken.ts';
import { showTrust } from '../support/show-trust.ts';

forbidLeaks();

const [web1, web2] = [host('web1'), host('web2')];

test('an enrolled host can do nothing to the others and to the fleet', async (context) => {
  // What Redis itself forbids by default is allowed here, so that it is the user's rights that are tested.
  const args = ['--enable-debug-command', 'yes', '--enable-module-command', 'yes'];
  await using guarded = await startGuardedRedis({ args });
  const { controller: settings } = guarded;
  const [attacker, victim] = [enrol(settings, web1, [queue('web')]), enrol(settings, web2, [queue('db')])];
  await using controller = await openControllerBroker(settings);
  assert.deepEqual(await controller.setHostUser(attacker.user), []);
  assert.deepEqual(await controller.setHostUser(victim.user), []);
  const run = newRun([web1, web2]);
  const any = { id: jobIdFor(run.id, null), to: { kind: 'any', queue: queue('db') } } as const;
  await saveRun(controller, run);
  await controller.release([...releasesOf(run), { job: any.id, to: any.to, envelope: 'an order' }]);
  await controller.setCancelMark(run.id, 'a mark');
  await showTrust(controller, 1, 'a trust file');
  await controller.appendReport(run.id, reportOf(jobIdFor(run.id, web2), web2, { kind: 'accepted' }));
  {
    await using worker = await openWorkerBroker(victim.settings);
    await worker.announce(web2, saidPresence(web2, presence));
    await worker.saveFacts(web2, saidFacts(web2, facts));
    await worker.report(run.id, reportOf(jobIdFor(run.id, web2), web2, doneEvent));
    await worker.refuse(web2, saidRefusal(web2, { at: 1, queue: 'q', job: 'j', code: 'UNSIGNED', message: 'm' }));
  }
  const prefix = prefixFor(settings.environment);
  const attacks = hostAttacks({ p: prefix, run: run.id });
  await using admin = await adminOf(guarded);
  const before = await admin.state(`${prefix}:host.web1:`);
  assert.ok(before.length > 12, 'there is something to attack');

  const succeeded: string[] = [];
  for (const attack of attacks) {
    const answer = await attempt(attacker.settings, attack);
    const text = attack.map((words) => words.join(' ')).join('; ');
    if (!REFUSED.test(answer)) succeeded.push(`${text}: ${answer}`);
    assert.deepEqual(await admin.state(`${prefix}:host.web1:`), before, `changed by: ${text}`);
  }

  assert.deepEqual(succeeded, []);
  assert.ok(attacks.length >= 40, 'there are many');
  context.diagnostic(`${attacks.length} attacks, all refused`);
});

test('a host can have no other of its role reach anything but that role’s queue', async () => {
  await using guarded = await startGuardedRedis();
  const { controller: settings } = guarded;
  const web = { kind: 'any', queue: queue('web') } as const;
  const attacker = enrol(settings, web1, [web.queue]);
  const victim = enrol(settings, web2, [web.queue, queue('db')]);
  await using controller = await openControllerBroker(settings);
  for (const { user } of [attacker, victim]) await controller.setHostUser(user);
  const run = newRun([web2]);
  const any = { job: jobIdFor(run.id, null), to: { kind: 'any', queue: queue('db') }, envelope: 'an order' } as const;
  await controller.release([...releasesOf(run), any]);
  const keys = keysFor(settings.environment);
  const own = keys.queue(web, '').slice(0, -1);
  const targets = [
    { queueKey: keys.queue({ kind: 'host', host: web2 }, '').slice(0, -1), id: jobIdFor(run.id, web2) },
    { queueKey: keys.queue(any.to, '').slice(0, -1), id: any.job },
  ];
  const { commands, ids, marked } = poisonedJobs(own, targets);
  for (const command of commands) assert.match(await attempt(attacker.settings, [command]), /^\d+$/, command.join(' '));
  // As if the attacker had come that far: what it prepared are children of the orders, which wait for them.
  for (const { queueKey, id } of targets) {
    const children = [...ids, 'old'].map((child) => `${own}:${child}`);
    await guarded.redis.command('SADD', `${queueKey}:${id}:dependencies`, ...children);
    await guarded.redis.command('ZADD', `${queueKey}:waiting-children`, '0', id);
  }
  await using admin = await adminOf(guarded);
  const before = await admin.state(`${own}:`);

  await using worker = await openWorkerBroker(victim.settings);
  const taken: string[] = [];
  const consumer = worker.consume(web, 1, async ({ job }) => {
    taken.push(job);
    if (job.startsWith('fails')) throw new Error('as it was to');
  });
  await waitUntil(async () => await admin.isEmpty(own), 'all jobs to end');
  await consumer.drain();

  assert.deepEqual(await admin.state(`${own}:`), before);
  assert.deepEqual(taken.toSorted(), ids.filter((id) => !marked.includes(id)).toSorted());
});

test('a host may read what is for all, and no more of its own than it needs', async () => {
  await using guarded = await startGuardedRedis();
  const { user, settings } = enrol(guarded.controller, web1, [queue('web')]);
  await using controller = await openControllerBroker(guarded.controller);
  await controller.setHostUser(user);
  await showTrust(controller, 1, 'a trust file');
  const keys = keysFor(settings.environment);
  const run = newRun([web1]);

  assert.equal(await attempt(settings, [['HGET', keys.trust, 'newest']]), '1');
  assert.match(await attempt(settings, [['XADD', keys.reports(run.id, web1), '*', 'report', '{}']]), /^\d+-0$/);
  assert.match(await attempt(settings, [['SET', keys.reports(run.id, web1), 'no stream']]), /^NOPERM/);
  assert.match(await attempt(settings, [['DEL', keys.reports(run.id, web1)]]), /^NOPERM/);
  assert.match(await attempt(settings, [['LPUSH', keys.presence(web1), 'no text']]), /^NOPERM/);
});

test('a host that says more than anybody takes, or what is no text, is not heard, and the others are', async () => {
  await using guarded = await startGuardedRedis();
  await using controller = await openControllerBroker(guarded.controller);
  const [attacker, other] = [enrol(guarded.controller, web1, []), enrol(guarded.controller, web2, [])];
  for (const { user } of [attacker, other]) await controller.setHostUser(user);
  {
    await using worker = await openWorkerBroker(attacker.settings);
    // What is read is not more than a client can hold; here it is enough that it is not all.
    const { signature } = saidFacts(web1, facts);
    await worker.saveFacts(web1, { text: 'x'.repeat(3 * 1024 * 1024), signature });
    await worker.announce(web1, { text: 'x'.repeat(3 * 1024 * 1024), signature });
  }
  {
    await using worker = await openWorkerBroker(other.settings);
    await worker.saveFacts(web2, saidFacts(web2, facts));
    await worker.announce(web2, saidPresence(web2, presence));
  }

  assert.deepEqual([...(await controller.facts([web1, web2])).keys()], [web2]);
  assert.deepEqual([...(await controller.presences([web1, web2])).keys()], [web2]);
  await using admin = await adminOf(guarded);
  await admin.makeList(keysFor(guarded.controller.environment).facts(web1));
  assert.deepEqual([...(await controller.facts([web1, web2])).keys()], [web2]);
});

type Admin = AsyncDisposable & {
  /** Every key but those that begin so, byte for byte, with its expiry; every user with its rights; which databases there are. */
  readonly state: (except: string) => Promise<readonly string[]>;
  readonly makeList: (key: string) => Promise<void>;
  /** Whether no job is left in a queue that a worker could still take or have under way. */
  readonly isEmpty: (queueKey: string) => Promise<boolean>;
};

async function adminOf({ redis }: GuardedRedis): Promise<Admin> {
  const client = new Redis({ path: redis.socket, password: 'admin-secret', disableClientInfo: true });
  return {
    state: async (except) => {
      const keys = (await client.keys('*')).filter((key) => !key.startsWith(except)).toSorted();
      const pipeline = client.pipeline();
      for (const key of keys) pipeline.dumpBuffer(key).call('PEXPIRETIME', key);
      const dumped = (await pipeline.exec()) ?? [];
      const values = dumped.map(([, value]) => (Buffer.isBuffer(value) ? value.toString('hex') : String(value)));
      const databases = (await client.info('keyspace')).match(/^db\d+/gm) ?? [];
      return [...keys, ...values, String(await client.call('ACL', 'LIST')), ...databases];
    },
    makeList: async (key) => {
      await client.del(key);
      await client.rpush(key, 'x');
    },
    isEmpty: async (queueKey) => {
      const parts = ['wait', 'active', 'delayed', 'prioritized'];
      return (await client.exists(parts.map((part) => `${queueKey}:${part}`))) === 0;
    },
    [Symbol.asyncDispose]: async () => void (await client.quit()),
  };
}
