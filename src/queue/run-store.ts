import { randomUUID } from 'node:crypto';
import { runIdSchema, type RunId } from '../core/ids.ts';
import { runExists } from '../core/run-exists.ts';
import { reportersOf, runRecordSchema, type Run } from '../core/run.ts';
import { signedByKeySchema, type SignedByKey } from '../core/signed.ts';
import type { StoredRun } from './broker.ts';
import type { Client } from './connection.ts';
import { readTime, type Link } from './link.ts';
import type { Keys } from './names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { STORE_RUN } from './run-scripts.ts';

/** A run, its reports and its cancel mark are kept so long; every one of their keys expires by itself. */
export const RUN_LIFETIME_MS = 30 * 24 * 3600 * 1000;
const MOST_RUNS = 10_000;
/** Longer than anybody waits for an answer. */
const ANSWER_MS = 60_000;
/** More than are made in between, so that the rest goes with the next. */
const FORGOTTEN_AT_ONCE = 100;
const KEYS_AT_ONCE = 1000;
/** One of 10,000 jobs takes a megabyte. */
const RECORDS_AT_ONCE = 20;

/** Stores a new run's record and lists it; makes room by forgetting what is over age or number. */
export async function saveRun(
  { ask, keys }: Link,
  run: Pick<Run, 'id' | 'createdAt'>,
  record: SignedByKey,
): Promise<void> {
  const touched = [keys.run(run.id), keys.writer(run.id), keys.runs];
  const values = [JSON.stringify(record), RUN_LIFETIME_MS, randomUUID(), ANSWER_MS, run.createdAt, run.id];
  if ((await ask((client) => client.eval(STORE_RUN, touched.length, ...touched, ...values))) !== 1) {
    throw runExists(run.id);
  }
  await ask((client) => forgetOldRuns(client, keys));
}

/** Newest first. */
export async function listRunIds({ ask, keys }: Link, limit: number): Promise<readonly RunId[]> {
  return limit < 1 ? [] : knownIds(await ask((client) => client.zrevrange(keys.runs, 0, limit - 1)));
}

/** Those that are there, whatever stands in them. */
export async function readRunRecords({ ask, keys }: Link, ids: readonly RunId[]): Promise<readonly StoredRun[]> {
  const records: StoredRun[] = [];
  for (let start = 0; start < ids.length; start += RECORDS_AT_ONCE) {
    const page = ids.slice(start, start + RECORDS_AT_ONCE);
    const texts = await ask((client) => client.mget(page.map(keys.run)));
    for (const [index, id] of page.entries()) {
      const text = texts[index] ?? null;
      if (text !== null) records.push({ id, record: parseJsonAs(signedByKeySchema, text) });
    }
  }
  return records;
}

/** Lets a run's hosts see that it is cancelled; `mark` is signed and checked by them. */
export async function setCancelMark({ ask, keys }: Link, id: RunId, mark: string): Promise<void> {
  await ask((client) => client.set(keys.cancel(id), mark, 'PX', RUN_LIFETIME_MS));
}

export async function getCancelMark({ ask, keys }: Link, id: RunId): Promise<string | null> {
  return await ask((client) => client.get(keys.cancel(id)));
}

/** By Redis' clock, so that an operator's wrong one deletes nothing. */
async function forgetOldRuns(client: Client, keys: Keys): Promise<void> {
  const oldest = (await readTime(client)) - RUN_LIFETIME_MS;
  const [aged, surplus] = await Promise.all([
    client.zrangebyscore(keys.runs, '-inf', oldest, 'LIMIT', 0, FORGOTTEN_AT_ONCE),
    client.zrange(keys.runs, 0, String(-(MOST_RUNS + 1))),
  ]);
  const listed = [...new Set([...aged, ...surplus])].slice(0, FORGOTTEN_AT_ONCE);
  if (listed.length === 0) return;
  for (const id of knownIds(listed)) await forgetRun(client, keys, id);
  await client.zrem(keys.runs, ...listed);
}

/** The streams of hosts are found by the record; what a record does not name ends with its own expiry. */
async function forgetRun(client: Client, keys: Keys, id: RunId): Promise<void> {
  const [text] = await client.mget(keys.run(id));
  const jobs = parseJsonAs(runRecordSchema, parseJsonAs(signedByKeySchema, text)?.text)?.run.jobs ?? [];
  const streams = jobs.flatMap(reportersOf).map((host) => keys.reports(id, host));
  const others = [keys.reports(id, null), keys.cancel(id), keys.orders(id), keys.rollout(id), keys.driver(id)];
  const gone = [...streams, ...others, keys.run(id)];
  for (let start = 0; start < gone.length; start += KEYS_AT_ONCE) {
    await client.unlink(...gone.slice(start, start + KEYS_AT_ONCE));
  }
}

function knownIds(listed: readonly string[]): readonly RunId[] {
  return listed.flatMap((id) => runIdSchema.safeParse(id).data ?? []);
}
