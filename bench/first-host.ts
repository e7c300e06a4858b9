import { startRedis } from '../test/support/redis.ts';
import { writeFleet } from './fleet.ts';
import { startLocalWorker } from './local-worker.ts';
import { firstAcceptedAt, reportsIn } from './reports.ts';
import { measured, type Result } from './result.ts';
import type { Setting } from './setting.ts';
import { timed } from './timing.ts';

const ROUNDS = 21;

/** From pressing return to a host that has begun, and to the end of the command; broker and host are this machine. */
export async function* measureFirstHost(setting: Setting): AsyncGenerator<Result> {
  await using redis = await startRedis();
  const fleet = await writeFleet(setting.folder, redis, 1);
  await using _worker = await startLocalWorker(setting, fleet, 'web1');
  const argv = [
    ...setting.program.celeroot,
    'system',
    'ping',
    '--all',
    '--json',
    '--config',
    fleet.configFile,
  ] as const;
  timed({ argv });
  const runs = Array.from({ length: ROUNDS }, () => timed({ argv }));
  const begun = runs.map(({ startedAt, stdout }) => firstAcceptedAt(reportsIn(stdout)) - startedAt);
  yield measured({ what: 'key press to first host starting', unit: 'ms', samples: begun }, { atMost: 150 });
  const ended = runs.map(({ ms }) => ms);
  yield measured({ what: 'key press to the end of system.ping on 1 host', unit: 'ms', samples: ended });
}
