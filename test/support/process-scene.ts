import type { ControllerBroker } from '../../src/queue/broker.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { makeFleet, type TestFleet } from './fleet.ts';
import { startRedis } from './redis.ts';
import { slowApt, type SlowApt } from './slow-apt.ts';
import { spawnWorker, writeWorkerFile, type SpawnedWorker } from './spawn-worker.ts';
import { newStateDir } from './worker.ts';

/** A Redis, a controller, and web1 with its state folder and a slow apt, for workers that are processes to be killed. */
export type ProcessScene = AsyncDisposable & {
  readonly controller: ControllerBroker;
  readonly fleet: TestFleet;
  readonly stateDir: string;
  readonly apt: SlowApt;
  /** Starts web1's worker, which whoever asks for it ends. */
  readonly spawn: () => SpawnedWorker;
};

export async function setProcessScene(): Promise<ProcessScene> {
  await using setting = new AsyncDisposableStack();
  const redis = setting.use(await startRedis());
  const controller = setting.use(await openControllerBroker(redis.settings));
  const { path: stateDir } = setting.use(await newStateDir());
  const apt = setting.use(await slowApt());
  const fleet = makeFleet();
  await fleet.publish(controller);
  const file = await writeWorkerFile(apt.place, fleet.configFor(redis.settings));
  const set = setting.move();
  return {
    controller,
    fleet,
    stateDir,
    apt,
    spawn: () => spawnWorker(file, stateDir, apt.self('run')),
    [Symbol.asyncDispose]: async () => await set.disposeAsync(),
  };
}
