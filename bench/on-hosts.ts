import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openLab } from '../test/support/lab.ts';
import { waitUntil } from '../test/support/redis.ts';
import { celeroot, type Ground } from './ground.ts';
import { measureInstall, measureNothingToInstall } from './install.ts';
import { measureNoOp } from './no-op.ts';
import { openPeers } from './peers.ts';
import type { Result } from './result.ts';
import type { Setting } from './setting.ts';
import { timed } from './timing.ts';

/** On real hosts in namespaces: a task that does nothing and an installation, beside bare programs and other tools. */
export async function* measureOnHosts(setting: Setting): AsyncGenerator<Result> {
  const folder = join(setting.folder, 'peers');
  await mkdir(folder);
  await using lab = await openLab({ hosts: setting.hosts });
  await using peers = await openPeers(lab, folder);
  const ground: Ground = { program: setting.program, lab, peers: peers.found };
  await waitUntil(() => onlineHosts(ground) === setting.hosts, 'all workers of the lab to be online');
  yield* peers.missing;
  yield* measureNoOp(ground);
  yield* measureInstall(ground);
  yield* measureNothingToInstall(ground);
}

function onlineHosts(ground: Ground): number {
  const { stdout } = timed(celeroot(ground, ['hosts', 'ls', '--json']));
  return stdout.match(/"online": ?true/g)?.length ?? 0;
}
