import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSigningKey } from '../../src/trust/key-file.ts';
import { reportHolds } from '../../src/trust/sign-report.ts';
import { END_KINDS, endOf, eventsOf, newOrder, submit, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene } from '../support/scene.ts';
import { slowApt } from '../support/slow-apt.ts';
import { hostKey } from '../support/spoken.ts';

forbidLeaks();

test('a host takes its new key when it has nothing else in hand, and each job ends by the key it had', async () => {
  await using apt = await slowApt();
  await using scene = await setScene({ self: apt.self('run'), roles: [{ concurrency: 4 }] });
  const { controller, fleet, stateDir } = scene;
  const offer = newOrder({ task: 'keys.rotate' });
  await submit(controller, offer, fleet.key);
  await endOf(controller, offer);
  const next = await readSigningKey(join(stateDir, 'host.key.next'));
  const install = newOrder({ task: 'apt.install', args: { packages: ['celeroot-test-slow'] } });
  await submit(controller, install, fleet.key);
  await apt.begun();

  const takes = [1, 2].map(() => newOrder({ task: 'keys.rotate', args: { take: next.id } }));
  for (const take of takes) await submit(controller, take, fleet.key);
  await waitUntil(
    async () => (await Promise.all(takes.map((take) => eventsOf(controller, take)))).every((said) => said.length > 0),
    'both orders to be accepted',
  );
  assert.ok(existsSync(join(stateDir, 'host.key.next')), 'it waits');
  await apt.letGo();

  await endOf(controller, install);
  for (const take of takes) {
    const end = await endOf(controller, take);
    assert.partialDeepStrictEqual(end, { kind: 'done', outcome: { status: 'unchanged', data: { took: next.id } } });
  }
  assert.ok(await isEndSignedBy(install, hostKey.id));
  for (const take of takes) assert.ok(await isEndSignedBy(take, next.id));
  assert.equal((await readSigningKey(join(stateDir, 'host.key'))).id, next.id);

  async function isEndSignedBy({ run }: { run: typeof install.run }, key: string): Promise<boolean> {
    const { reports } = await controller.readReports({ run, hosts: [web1] });
    const end = reports.find(({ report }) => report !== null && END_KINDS.has(report.event.kind));
    return end !== undefined && (await reportHolds(end, key));
  }
});
