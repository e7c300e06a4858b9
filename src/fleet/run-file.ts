import { open, readFile } from 'node:fs/promises';
import * as z from 'zod';
import { ConfigError, messageOf } from '../core/errors.ts';
import { jobIdSchema } from '../core/ids.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { destinationSchema, type Run } from '../core/run.ts';
import { signedByKeySchema } from '../core/signed.ts';
import type { FleetName } from '../core/names.ts';
import { runRecordSchema } from '../core/run.ts';
import type { Release } from '../queue/broker.ts';
import { openRun } from '../trust/run-record.ts';
import type { Order } from '../trust/order.ts';
import type { Trust } from '../trust/trust-file.ts';
import { verifyOrder } from '../trust/verify-order.ts';
import type { SignedRun } from './dispatch-run.ts';

/** A run that one operator has signed and that waits for another: its record, and an order per host. */
const runFileSchema = z.strictObject({
  version: z.literal(1),
  record: signedByKeySchema,
  orders: z
    .array(z.strictObject({ job: jobIdSchema, to: destinationSchema, envelope: z.string() }))
    .min(1)
    .max(100_000),
});

/** What is in the file, and holds. */
export type WaitingRun = Pick<SignedRun, 'run' | 'record'> & {
  readonly orders: readonly (Release & { readonly order: Order })[];
  /** The key of who signed it first. */
  readonly signedBy: string;
};

/** @throws ConfigError RUN_FILE_INVALID when it cannot be written, or is there already. */
export async function writeRunFile(file: string, { record, orders }: SignedRun): Promise<void> {
  try {
    await using handle = await open(file, 'wx', 0o600);
    await handle.writeFile(`${JSON.stringify({ version: 1, record, orders })}\n`);
  } catch (error) {
    throw new ConfigError('RUN_FILE_INVALID', `cannot write ${file}: ${messageOf(error)}`, {
      hint: 'go to a folder that you may write to; nothing was sent',
      cause: error,
    });
  }
}

export type RunFileReader = { readonly fleet: FleetName; readonly trust: Trust; readonly now: number };

/**
 * Reads a run that waits for a second signature. What is returned is what hosts would do: each order was held against the
 * record as the host will hold it against itself.
 * @throws ConfigError RUN_FILE_INVALID.
 */
export async function readRunFile(file: string, reader: RunFileReader): Promise<WaitingRun> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw invalid(file, `cannot be read: ${messageOf(error)}`);
  });
  const parsed = parseJsonAs(runFileSchema, text);
  if (parsed === null) throw invalid(file, 'is no run that waits for a second signature');
  const { record } = parsed;
  const claimed = parseJsonAs(runRecordSchema, record.text);
  const { grants } = reader.trust;
  const run = claimed === null ? null : await openRun(record, { fleet: reader.fleet, id: claimed.run.id, grants });
  if (run === null || run.slot !== undefined) throw invalid(file, 'is not signed by an operator of this fleet');
  if (parsed.orders.length !== run.jobs.length) throw invalid(file, 'has not one order for each job of the run');
  const orders = parsed.orders.map((release, index) => {
    const order = openOrder(release, { run, reader, signedBy: record.key });
    if (typeof order === 'string') throw invalid(file, `order ${index + 1}: ${order}`);
    return { ...release, order };
  });
  if (new Set(orders.map(({ job }) => job)).size < orders.length) throw invalid(file, 'has an order twice');
  return { run, record, orders, signedBy: record.key };
}

type Expected = { readonly run: Run; readonly reader: RunFileReader; readonly signedBy: string };

/** The order, or why it is not what the record of the run says. */
function openOrder({ job, to, envelope }: Release, { run, reader, signedBy }: Expected): Order | string {
  const [candidate] = run.jobs.find(({ id }) => id === job)?.candidates ?? [];
  const host = to.kind === 'host' ? to.host : candidate;
  if (host === undefined) return `${job} is no job of the run`;
  const { fleet, trust, now } = reader;
  // A newer trust file than ours is for the hosts to get.
  const known = { ...trust, version: Number.MAX_SAFE_INTEGER };
  const verified = verifyOrder(envelope, { fleet, host, queue: to, job, trust: known, now, ledgerBirth: 0 });
  if (!verified.ok) return verified.message;
  const { order } = verified;
  if (verified.fires !== null || verified.signedBy.join() !== signedBy) return 'other keys have signed it';
  return differs(order, run) ?? order;
}

/** What the second operator is shown is the record, so no order may say anything else. */
function differs(order: Order, run: Run): string | null {
  const job = run.jobs.find(({ id }) => id === order.id);
  if (job === undefined) return `${order.id} is no job of the run`;
  const said = (from: Pick<Order, 'task' | 'args' | 'dryRun' | 'expiresAt' | 'deadlineMs' | 'to'>): string =>
    JSON.stringify([from.task, from.args, from.dryRun, from.expiresAt, from.deadlineMs, from.to]);
  const isSame = said(order) === said({ ...run, to: job.to }) && order.expectedPlan === (job.plan ?? null);
  return isSame ? null : 'it asks for something else than the record of the run';
}

function invalid(file: string, why: string): ConfigError {
  return new ConfigError('RUN_FILE_INVALID', `${file} ${why}`, {
    hint: 'take the file as  celeroot run … --second-signer  wrote it',
  });
}
