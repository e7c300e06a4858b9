import * as z from 'zod';
import { hostNameSchema } from '../core/names.ts';
import { refusalCodeSchema } from '../core/report.ts';
import type { Refusal } from './broker.ts';
import type { Link } from './link.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';

/** Who can push rubbish into a queue can fill this; no more of it is kept. */
const MOST_REFUSALS = 1000;

const refusalSchema = z.strictObject({
  host: hostNameSchema,
  at: z.int().min(0),
  queue: z.string().max(200),
  job: z.string().max(500),
  code: refusalCodeSchema,
  message: z.string().max(4000),
});

export async function addRefusal({ ask, keys }: Link, refusal: Refusal): Promise<void> {
  const text = JSON.stringify(refusal);
  await ask((client) => client.xadd(keys.refusals, 'MAXLEN', '~', MOST_REFUSALS, '*', 'refusal', text));
}

/** Newest first; what is not a refusal is left out. */
export async function readRefusals({ ask, keys }: Link, limit: number): Promise<readonly Refusal[]> {
  const entries = await ask((client) => client.xrevrange(keys.refusals, '+', '-', 'COUNT', limit));
  return entries.flatMap(([, [name, text]]) => (name === 'refusal' ? (parseJsonAs(refusalSchema, text) ?? []) : []));
}
