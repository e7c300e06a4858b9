import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import type { Release, ControllerBroker } from '../../src/queue/broker.ts';
import { openWorkerBroker } from '../../src/queue/open.ts';
import { toWeb1 } from './fleet.ts';

/** Sends web1 a job, and has a consumer that takes it cut off while the job is under way. */
export async function leaveJobUnderWay(
  controller: ControllerBroker,
  releases: readonly Release[],
  settings: BrokerSettings,
): Promise<void> {
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  await using broker = await openWorkerBroker(settings);
  const consumer = broker.consume(toWeb1, 1, () => {
    begun.resolve();
    return stopped.promise;
  });
  await controller.release(releases);
  await begun.promise;
  const drained = consumer.drain();
  await consumer.close();
  stopped.reject(new Error('stopped'));
  await drained;
}
