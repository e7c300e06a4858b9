import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { jobIdFor } from '../../src/core/ids.ts';
import { openFailFastLink } from '../../src/queue/fail-fast-link.ts';
import { keysFor } from '../../src/queue/names.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { host, newRunId, reportOf } from '../support/broker-data.ts';
import { startGuardedRedis } from '../support/guarded-redis.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startCluster, type RedisGroup } from '../support/redis-groups.ts';
import { refusalsIn, saidRefusal } from '../support/spoken.ts';

forbidLeaks();

const [web1, web2] = [host('web1'), host('web2')];
const hosts = [web1, web2];

/** Writes 70 million bytes into a stream, as a host may into its own. */
async function fill(settings: BrokerSettings, key: string): Promise<void> {
  const script = `
    local text = string.rep(string.rep('x', 1000), 1000)
    for _ = 1, 70 do redis.call('XADD', KEYS[1], '*', 'report', text) end`;
  await using link = await openFailFastLink(settings);
  await link.ask((client) => client.eval(script, 1, key));
}

async function seesNothingOversized({ settings, servers }: Pick<RedisGroup, 'settings' | 'servers'>): Promise<void> {
  await using controller = await openControllerBroker(settings);
  await using worker = await openWorkerBroker(settings);
  // A disk that is slow to take it all would keep Redis from answering in time.
  for (const server of servers) await server.command('CONFIG', 'SET', 'appendonly', 'no');
  const keys = keysFor(settings.environment);
  const run = newRunId();
  const before = await controller.readReports({ run, hosts });

  const waiting = controller.awaitReports({ run, hosts, after: before.place }, 10_000);
  await fill(settings, keys.reports(run, web1));
  const awaited = await waiting;
  await worker.report(run, reportOf(jobIdFor(run, web2), web2, { kind: 'accepted' }));
  const after = await controller.awaitReports({ run, hosts, after: awaited.place }, 10_000);
  const anew = await controller.readReports({ run, hosts });

  assert.deepEqual([before.oversized, awaited.oversized, anew.oversized], [[], [web1], [web1]]);
  for (const { reports } of [after, anew]) {
    assert.deepEqual(
      reports.map(({ from }) => from),
      [web2],
    );
  }

  const refusal = { at: 1, queue: 'q', job: 'j', code: 'UNSIGNED', message: 'm' } as const;
  for (const by of hosts) await worker.refuse(by, saidRefusal(by, refusal));
  await fill(settings, keys.refusals(web1));
  assert.deepEqual(await refusalsIn(controller, hosts), [{ host: web2, ...refusal }]);
}

test('a host that fills its streams keeps nobody from reading those of others', async () => {
  await using guarded = await startGuardedRedis();

  await seesNothingOversized({ settings: guarded.controller, servers: [guarded.redis] });
});

test('so it is with a Cluster', async () => {
  await using cluster = await startCluster();

  await seesNothingOversized(cluster);
});
