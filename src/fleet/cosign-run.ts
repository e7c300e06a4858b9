import { RejectedError } from '../core/errors.ts';
import { runExists } from '../core/run-exists.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { cosignOrder } from '../trust/sign-order.ts';
import type { Sender, SignedRun } from './dispatch-run.ts';
import type { WaitingRun } from './run-file.ts';

/**
 * So that no signature is written down that is good for nothing.
 * @throws RejectedError RUN_EXISTS
 */
export async function requireUnsent(broker: Pick<ControllerBroker, 'runRecords'>, { run }: WaitingRun): Promise<void> {
  const sent = await broker.runRecords([run.id]);
  if (sent.length > 0) throw runExists(run.id);
}

/**
 * Adds a second operator's signature to each order, and writes that down. Nothing leaves this machine yet.
 * @throws RejectedError SAME_SIGNER, and ConfigError JOURNAL_UNUSABLE.
 */
export async function cosignRun({ run, record, orders, signedBy }: WaitingRun, sender: Sender): Promise<SignedRun> {
  const { key, trust, journal, by } = sender;
  if (key.id === signedBy) {
    throw new RejectedError('SAME_SIGNER', `you have signed run ${run.id} yourself`, {
      hint: 'another operator types this, with a key of their own',
    });
  }
  await journal.add(() => ({ kind: 'second-signature', run: run.id, task: run.task, key: key.id, by }));
  const signed = orders.map(({ job, to, envelope }) => ({ job, to, envelope: cosignOrder(envelope, key) }));
  return { run, record, orders: signed, trust, steps: [] };
}
