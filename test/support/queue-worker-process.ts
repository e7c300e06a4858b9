import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { destinationSchema } from '../../src/core/run.ts';
import { openWorkerBroker } from '../../src/queue/open.ts';

/** The program of `startQueueWorker`. */
const [settingsText = '', queueText = ''] = process.argv.slice(2);
const settings: BrokerSettings = JSON.parse(settingsText);
const worker = await openWorkerBroker(settings);
worker.consume(destinationSchema.parse(JSON.parse(queueText)), 4, async ({ job }) => {
  process.stdout.write(`${job}\n`);
  await new Promise(() => undefined);
});
