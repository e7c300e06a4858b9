import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { forbidLeaks } from '../support/no-leaks.ts';
import { setRolloutScene } from '../support/rollout-scene.ts';
import { spawnService } from '../support/spawn-service.ts';
import { CELEROOT } from '../support/worker.ts';

forbidLeaks();

test('two schedules and a run that is typed change no more hosts of a role at once than it allows', async () => {
  await using scene = await setRolloutScene(5, '{ max_unavailable: 2 }');
  const { hosts, folder } = scene;
  hosts.script = async (_host, turn) => {
    await sleep(50 + (turn % 3) * 200);
    return 'changed' as const;
  };
  const at = new Date(Date.now() + 6000).toISOString();
  const rule = `target: { roles: [web] }, at: ["${at.slice(0, 19)}Z"], start_within: 1h`;
  await appendFile(
    folder.file,
    `schedules:\n  one: { task: apt.update, ${rule} }\n  other: { task: apt.upgrade, ${rule} }\n`,
  );
  await using scheduler = spawnService([...CELEROOT, 'scheduler', folder.file, '--beat']);
  await scheduler.says(/^other: the slot of .* fires as run /, 60_000);

  const typed = await scene.run('apt', 'install', 'nginx', '--role', 'web', '--batches', '3');

  assert.equal(typed.code, 0, typed.stderr);
  await hosts.until(() => hosts.orders.length === 15, 'every host to do all three');
  const twice = hosts.orders.filter((order, index) => hosts.orders.indexOf(order) !== index);
  assert.deepEqual(twice, []);
  assert.ok(hosts.mostAtOnce <= 2, `${hosts.mostAtOnce} at once`);
  scheduler.signal('SIGTERM');
  assert.deepEqual(await scheduler.exit, { code: 0, stderr: '' });
});
