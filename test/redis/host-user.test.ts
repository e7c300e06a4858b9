import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ConnectionError } from '../../src/core/errors.ts';
import { jobIdFor } from '../../src/core/ids.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { renewTrust } from '../../src/trust/change-trust.ts';
import { signTrust } from '../../src/trust/trust-file.ts';
import { host, newRun, queue, releasesOf } from '../support/broker-data.ts';
import { exerciseBroker } from '../support/exercise-broker.ts';
import { endOf, makeFleet, newOrder, submit, toAnyWeb, toWeb1, web1 } from '../support/fleet.ts';
import { enrol, startGuardedRedis, type GuardedRedis } from '../support/guarded-redis.ts';
import { leaveJobUnderWay } from '../support/leave-job.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { freePort, startRedis, waitUntil, withPassword } from '../support/redis.ts';
import { startCluster, startSentinelGroup } from '../support/redis-groups.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { newStateDir, startWorker } from '../support/worker.ts';
import { showTrust } from '../support/show-trust.ts';

forbidLeaks();

const queues = [queue('web'), queue('webserver')];
const web2 = host('web2');

/** What users of hosts were denied, but for CONFIG GET, by which a worker would only see more of Redis' settings. */
async function denied({ redis }: GuardedRedis): Promise<readonly string[]> {
  const log = await redis.command('ACL', 'LOG', '128');
  const entries = log.split(/^count$/m).slice(1);
  return entries.filter((entry) => !entry.includes('config|get') && entry.includes('celeroot'));
}

describe('under its own user in Redis', () => {
  test('a host does all that both sides do with a broker, and so does the controller under its', async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'celeroot-tls-'));
    stack.defer(() => rm(folder, { recursive: true }));
    const { ca, serverArguments } = await makeCertificates(folder);
    const port = await freePort();
    const guarded = stack.use(await startGuardedRedis({ port, args: serverArguments(port) }));
    const overTls = { ...guarded.controller, tls: { ca } };
    const { user, settings } = enrol(overTls, web1, queues);
    {
      await using controller = await openControllerBroker(overTls);
      assert.deepEqual(await controller.setHostUser(user), []);
      assert.deepEqual(await controller.hostUsers(), [web1]);
    }

    await exerciseBroker(overTls, settings);

    assert.deepEqual(await denied(guarded), []);
  });

  test('a worker takes jobs of both queues, refuses, follows the trust file, and outlives a restart of Redis', async () => {
    await using guarded = await startGuardedRedis();
    const { user, settings } = enrol(guarded.controller, web1, queues);
    await using controller = await openControllerBroker(guarded.controller);
    await controller.setHostUser(user);
    await using state = await newStateDir();
    const fleet = makeFleet();
    await fleet.publish(controller);
    await using worker = await startWorker({ config: fleet.configFor(settings), stateDir: state.path });
    const kindOf = async (order: ReturnType<typeof newOrder>): Promise<string> => {
      await submit(controller, order, fleet.key);
      return (await endOf(controller, order)).kind;
    };

    assert.equal(await kindOf(newOrder()), 'done');
    assert.equal(await kindOf(newOrder({ to: toAnyWeb })), 'done');
    assert.equal(await kindOf(newOrder({ task: 'system.facts' })), 'done');
    assert.equal(await kindOf(newOrder({ task: 'no.such-task' })), 'refused');
    const unsigned = newRun([web1]);
    await controller.release(releasesOf(unsigned));
    await waitUntil(async () => (await controller.refusals([web1], 10)).length > 0, 'the refusal of rubbish');
    await waitUntil(async () => (await controller.presences([web1])).has(web1), 'presence');
    await waitUntil(async () => (await controller.facts([web1])).has(web1), 'facts');
    await showTrust(controller, 2, signTrust(renewTrust(fleet.trust, Date.now()), [fleet.root]));
    assert.equal(await kindOf(newOrder({ trust: 2 })), 'done');

    assert.match(await guarded.redis.command('ACL', 'LOG'), /config\|get/, 'what is denied is seen there');
    assert.deepEqual(await denied(guarded), []);
    await guarded.redis.stop();
    await guarded.redis.start();
    {
      await using again = await openControllerBroker(guarded.controller);
      const order = newOrder({ trust: 2 });
      await submit(again, order, fleet.key);
      assert.equal((await endOf(again, order)).kind, 'done');
    }

    assert.deepEqual(await denied(guarded), []);
    worker.requestStop();
    await worker.ended;
  });

  test('a job whose worker was cut off goes to the host’s next worker', async () => {
    await using guarded = await startGuardedRedis();
    const { user, settings } = enrol(guarded.controller, web1, queues);
    await using controller = await openControllerBroker(guarded.controller);
    await controller.setHostUser(user);
    const run = newRun([web1]);
    await leaveJobUnderWay(controller, releasesOf(run), settings);

    await using second = await openWorkerBroker(settings);
    const taken = Promise.withResolvers<string>();
    const failing = second.consume(toWeb1, 1, async ({ job }) => {
      taken.resolve(job);
      throw new Error('kept as failed');
    });
    assert.equal(await taken.promise, jobIdFor(run.id, web1));
    const failed = keysFor(settings.environment).queue(toWeb1, 'failed');
    await waitUntil(async () => (await guarded.redis.command('ZCARD', failed)) === '1', 'the job to be kept as failed');
    await failing.drain();

    assert.deepEqual(await denied(guarded), []);
  });
});

describe('users of hosts', () => {
  test('are compared, changed and removed, and a new password ends the old connections', async () => {
    await using guarded = await startGuardedRedis();
    const [first, other] = [enrol(guarded.controller, web1, queues), enrol(guarded.controller, web2, [])];
    await using controller = await openControllerBroker(guarded.controller);
    await controller.changeHostUsers({ add: [first.user, other.user], change: [], remove: [] });
    assert.deepEqual(await controller.compareHostUsers([first.user, other.user]), { add: [], change: [], remove: [] });
    const renewed = enrol(guarded.controller, web1, queues);
    const changes = await controller.compareHostUsers([renewed.user]);
    assert.deepEqual(changes, { add: [], change: [renewed.user], remove: [web2] });
    await using worker = await openWorkerBroker(first.settings);
    await worker.serverTime();

    assert.deepEqual(await controller.changeHostUsers(changes), []);

    assert.deepEqual(await controller.hostUsers(), [web1]);
    await assert.rejects(openWorkerBroker(first.settings), /wrong user or password/);
    await assert.rejects(openWorkerBroker(other.settings), /wrong user or password/);
    await waitUntil(
      async () => !(await guarded.redis.command('CLIENT', 'LIST')).includes('user=celeroot'),
      'the old connection to end',
    );
    assert.match(await readFile(guarded.aclFile, 'utf8'), /^user celeroot-test-\w+\.web1 /m);
    assert.deepEqual(await controller.dropHostUser(web1), []);
    assert.deepEqual(await controller.hostUsers(), []);
    await controller.forgetHost(web1);
  });

  test('are said to vanish where Redis has no file for them', async () => {
    await using redis = await startRedis();
    await using controller = await openControllerBroker(redis.settings);

    const [warning, ...others] = await controller.setHostUser(enrol(redis.settings, web1, queues).user);

    assert.match(warning ?? '', /forgets them when it restarts; set {2}aclfile {2}in redis\.conf/);
    assert.deepEqual(others, []);
  });

  test('are refused to a controller that may not keep users', async () => {
    await using redis = await startRedis();
    await redis.command('ACL', 'SETUSER', 'plain', 'on', '>secret', '~*', '+@all', '-@admin', '+config|get');
    await using controller = await openControllerBroker(withPassword(redis.settings, 'plain', 'secret'));

    await assert.rejects(controller.setHostUser(enrol(redis.settings, web1, queues).user), (error: unknown) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.code, 'BROKER_REFUSED');
      assert.match(error.message, /the user plain of Redis may not keep the users of hosts/);
      assert.match(error.hint ?? '', /celeroot broker acl --apply/);
      return true;
    });
  });

  test('are made on every node of a Cluster, where a host works under its user', async () => {
    await using cluster = await startCluster();
    const { user, settings } = enrol(cluster.settings, web1, queues);
    {
      await using controller = await openControllerBroker(cluster.settings);
      assert.equal((await controller.setHostUser(user)).length, 1);
      assert.deepEqual(await controller.compareHostUsers([user]), { add: [], change: [], remove: [] });
    }
    for (const server of cluster.servers) assert.match(await server.command('ACL', 'LIST'), /\.web1 on /);

    await exerciseBroker(cluster.settings, settings);
  });

  test('are made on the replicas that a Sentinel may make the master', async () => {
    await using group = await startSentinelGroup();
    const { user, settings } = enrol(group.settings, web1, queues);
    {
      await using controller = await openControllerBroker(group.settings);
      await controller.setHostUser(user);
    }
    for (const server of group.servers) assert.match(await server.command('ACL', 'LIST'), /\.web1 on /);

    await exerciseBroker(group.settings, settings);
  });

  test('are waited for in a Cluster, by a host that is there before it was accepted', async () => {
    await using cluster = await startCluster();
    const { user, settings } = enrol(cluster.settings, web1, queues);
    await using controller = await openControllerBroker(cluster.settings);
    const lines: string[] = [];

    const opening = openWorkerBroker(settings, { awaitsLogin: true, log: (line) => void lines.push(line) });
    await waitUntil(() => lines.some((line) => line.includes('waiting until it is accepted')), 'the host to wait');
    await controller.setHostUser(user);

    await using worker = await opening;
    assert.ok((await worker.serverTime()) > 0);
  });
});
