import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis, waitUntil, type TestRedis } from '../test/support/redis.ts';
import { writeFleet } from './fleet.ts';
import { startLocalWorker } from './local-worker.ts';
import { measured, type Result } from './result.ts';
import type { Setting } from './setting.ts';

const WORKERS = 3;
const WATCH_MS = 75_000;
const MIB = 1024;

/** What workers that have nothing to do cost: memory of their own, all memory, commands sent to Redis. */
export async function* measureIdleWorker(setting: Setting): AsyncGenerator<Result> {
  await using redis = await startRedis();
  await using workers = new AsyncDisposableStack();
  const fleet = await writeFleet(setting.folder, redis, WORKERS);
  const pids: number[] = [];
  for (const host of fleet.hosts) pids.push(workers.use(await startLocalWorker(setting, fleet, host)).pid);
  await waitUntil(async () => (await factsKnown(redis)) === WORKERS, 'the facts of all workers');
  const commands = await countCommands(redis);
  const memory = await Promise.all(pids.map(memoryOf));
  const anonymous = memory.map((rollup) => rollup.anonymous);
  const resident = memory.map((rollup) => rollup.resident);
  yield measured({ what: 'idle worker: anonymous memory', unit: 'MiB', samples: anonymous }, { atMost: 21 });
  yield measured({ what: 'idle worker: resident memory', unit: 'MiB', samples: resident }, { atMost: 65 });
  const [sent, scripted] = [commands.sent, commands.inScripts].map((count) => count / WORKERS / (WATCH_MS / 1000));
  yield measured({ what: 'idle worker: Redis commands sent', unit: '/s', samples: [sent ?? 0] }, { atMost: 0.1 });
  yield measured({ what: 'idle worker: commands inside Redis scripts', unit: '/s', samples: [scripted ?? 0] });
}

async function factsKnown(redis: TestRedis): Promise<number> {
  const keys = await redis.command('KEYS', '*:facts:*');
  return keys === '' ? 0 : keys.split('\n').length;
}

/** Counts with MONITOR, which marks what a script calls; the only fixed wait of the bench, since it is a rate. */
async function countCommands(redis: TestRedis): Promise<{ readonly sent: number; readonly inScripts: number }> {
  const monitor = spawn('redis-cli', ['-s', redis.socket, 'MONITOR'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = '';
  monitor.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
  });
  await waitUntil(() => seen.startsWith('OK'), 'MONITOR');
  await sleep(WATCH_MS);
  const ended = once(monitor, 'exit');
  monitor.kill();
  await ended;
  const commands = seen.split('\n').filter((line) => /^\d+\.\d+ \[/.test(line));
  const inScripts = commands.filter((line) => /^\d+\.\d+ \[\d+ lua\]/.test(line)).length;
  return { sent: commands.length - inScripts, inScripts };
}

/** From /proc/PID/smaps_rollup (proc(5)), in MiB. */
async function memoryOf(pid: number): Promise<{ readonly anonymous: number; readonly resident: number }> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) / MIB;
  return { anonymous: field('Anonymous'), resident: field('Rss') };
}
