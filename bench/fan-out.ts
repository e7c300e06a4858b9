import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { writeFleet } from './fleet.ts';
import { measured, type Result } from './result.ts';
import type { Setting } from './setting.ts';
import { timed } from './timing.ts';

const HOSTS = 10_000;
const ROUNDS = 5;

/** One command that signs and queues orders for ten thousand hosts, none of which is there. */
export async function* measureFanOut({ program, folder }: Setting): AsyncGenerator<Result> {
  await using redis = await startRedis();
  const seconds: number[] = [];
  const bytes: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const { configFile } = await writeFleet(folder, redis, HOSTS);
    const before = await usedMemory(redis);
    const sent = ['system', 'ping', '--all', '--yes', '--detach', '--config', configFile];
    const { ms } = timed({ argv: [...program.celeroot, ...sent] });
    if (round > 0) {
      seconds.push(ms / 1000);
      bytes.push(((await usedMemory(redis)) - before) / HOSTS);
    }
    await redis.command('FLUSHALL');
  }
  yield measured(
    { what: `${HOSTS} orders signed and queued, from key press`, unit: 's', samples: seconds },
    { atMost: 3 },
  );
  yield measured({ what: 'Redis memory for each of them', unit: 'B', samples: bytes }, { atMost: 2048 });
}

async function usedMemory(redis: TestRedis): Promise<number> {
  const info = await redis.command('INFO', 'memory');
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}
