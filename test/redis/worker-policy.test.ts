import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { presenceSchema, type Presence } from '../../src/core/presence.ts';
import { readStatement } from '../../src/trust/host-statement.ts';
import { endOf, fleetName, newOrder, submit, web1 } from '../support/fleet.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { waitUntil } from '../support/redis.ts';
import { setScene, type Scene } from '../support/scene.ts';
import { hostKey } from '../support/spoken.ts';

forbidLeaks();

const install = { task: 'apt.install', args: { packages: ['jq'] } };

test('a worker holds orders against the policy of its host’s owner as it is at the time', async () => {
  await using scene = await setScene({ ownerPolicy: 'policy.yaml' });
  const { controller, fleet, stateDir } = scene;
  const file = join(stateDir, 'policy.yaml');
  const verdict = async (change: Parameters<typeof newOrder>[0]): Promise<string> => {
    const order = newOrder(change);
    await submit(controller, order, fleet.key);
    const end = await endOf(controller, order);
    return end.kind === 'refused' ? end.code : end.kind;
  };

  await writeFile(file, 'version: 1\ndeny: {tasks: [apt.*, audit.read]}\n');
  assert.equal(await verdict(install), 'POLICY_DENIED');
  await writeFile(file, 'version: 1\ntwo_signers: [apt.install]\n');
  assert.equal(await verdict(install), 'SECOND_SIGNER_NEEDED');
  await writeFile(file, 'version: 1\ndeny: [apt.*]\n');
  assert.equal(await verdict(install), 'POLICY_UNUSABLE');
  assert.equal(await verdict({}), 'done', 'to look needs no policy');

  await scene.replaceWorker();
  await waitUntil(async () => (await presenceOf(scene))?.policy?.problem !== undefined, 'the host to say so');
  assert.match((await presenceOf(scene))?.policy?.problem ?? '', /policy\.yaml:2:7: deny: expected a mapping/);
  await rm(file);
  await scene.replaceWorker();
  await waitUntil(async () => (await presenceOf(scene))?.policy === null, 'the host to have no policy');
});

async function presenceOf({ controller }: Scene): Promise<Presence | null> {
  const signed = (await controller.presences([web1])).get(web1);
  if (signed === undefined) return null;
  return await readStatement('presence', signed, {
    fleet: fleetName,
    host: web1,
    key: hostKey.id,
    schema: presenceSchema,
  });
}
