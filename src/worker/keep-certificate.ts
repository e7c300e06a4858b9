import { stat } from 'node:fs/promises';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { embeddedFiles, embeddedFolder } from '../core/embedded-files.ts';
import { messageOf } from '../core/errors.ts';
import { renewCertificate } from '../queue/embedded-tls.ts';
import type { WorkerOptions } from './run-worker.ts';

/**
 * Looks whether the certificate of the Redis beside this worker nears its end, and has it replaced: the worker of
 * `celeroot up` is what always runs where that Redis does. Nothing for a worker of any other Redis.
 */
export async function keepCertificate(
  broker: BrokerSettings,
  { stateDir, clock, log }: Pick<WorkerOptions, 'stateDir' | 'clock' | 'log'>,
): Promise<void> {
  if (broker.listen === null) return;
  const files = embeddedFiles(embeddedFolder(stateDir));
  const now = clock.now();
  try {
    const { uid, gid } = await stat(files.folder);
    const renewed = await renewCertificate(broker, { host: broker.listen.node.host, files, owner: { uid, gid }, now });
    if (renewed) log('gave Redis a new certificate, for another year');
  } catch (error) {
    log(`cannot renew the certificate of Redis: ${messageOf(error)}`);
  }
}
