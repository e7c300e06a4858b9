import type { Clock } from '../../src/core/clock.ts';
import type { Argv } from '../../src/core/step.ts';
import type { Role } from '../../src/config/fleet-config.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { openControllerBroker } from '../../src/queue/open.ts';
import { makeFleet, type TestFleet } from './fleet.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { newStateDir, startWorker, type TestWorker } from './worker.ts';
import { join } from 'node:path';
import { writeSigningKey } from '../../src/trust/key-file.ts';
import { hostKey } from './spoken.ts';

/** A Redis, a controller, and web1 with its state folder and a worker. */
export type Scene = AsyncDisposable & {
  readonly redis: TestRedis;
  readonly controller: ControllerBroker;
  readonly fleet: TestFleet;
  readonly stateDir: string;
  readonly worker: TestWorker;
  /** Starts web1's worker again, after the first was stopped; it is stopped with the scene. */
  readonly restartWorker: () => Promise<TestWorker>;
  /** Stops web1's worker and starts it again; `meanwhile` comes in between. */
  readonly replaceWorker: (meanwhile?: () => Promise<void>) => Promise<TestWorker>;
};

export type SceneOptions = {
  readonly roles?: readonly Partial<Role>[];
  /** The oldest version of the trust file that web1 takes. */
  readonly leastTrust?: number;
  readonly clock?: Clock;
  readonly self?: Argv;
  /** Of the host’s owner, in the state folder. */
  readonly ownerPolicy?: string;
};

export async function setScene(options: SceneOptions = {}): Promise<Scene> {
  const { roles, leastTrust = 1, clock, self, ownerPolicy } = options;
  await using setting = new AsyncDisposableStack();
  const redis = setting.use(await startRedis());
  const controller = setting.use(await openControllerBroker(redis.settings));
  const state = setting.use(await newStateDir());
  await writeSigningKey(join(state.path, 'host.key'), hostKey);
  const fleet = makeFleet();
  await fleet.publish(controller);
  const start = async (): Promise<TestWorker> =>
    await startWorker({
      config: { ...fleet.configFor(redis.settings, roles), leastTrust },
      stateDir: state.path,
      ...(clock && { clock }),
      ...(self && { self }),
      ...(ownerPolicy !== undefined && { ownerPolicy: join(state.path, ownerPolicy) }),
    });
  const worker = setting.use(await start());
  const set = setting.move();
  let latest = worker;
  const restart = async (): Promise<TestWorker> => {
    latest = set.use(await start());
    return latest;
  };
  return {
    redis,
    controller,
    fleet,
    stateDir: state.path,
    worker,
    restartWorker: restart,
    replaceWorker: async (meanwhile) => {
      latest.requestStop();
      await latest.ended;
      await meanwhile?.();
      return await restart();
    },
    [Symbol.asyncDispose]: async () => await set.disposeAsync(),
  };
}
