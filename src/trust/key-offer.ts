import * as z from 'zod';
import { jobIdSchema } from '../core/ids.ts';
import type { KeyOffer } from '../core/key-offer.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import type { SigningKey } from './key.ts';
import { signText, textHolds } from './signed-text.ts';

const TYPE = 'application/vnd.celeroot.key-offer+json;v=1';

const textSchema = z.strictObject({
  fleet: fleetNameSchema,
  host: hostNameSchema,
  /** The job that asked for it, so that an offer counts once, for whoever asked. */
  job: jobIdSchema,
  /** Public keys. */
  from: z.string().max(100),
  to: z.string().max(100),
});
type KeyChange = Readonly<z.infer<typeof textSchema>>;

export type KeyPair = { readonly from: SigningKey; readonly to: SigningKey };

/** Both keys sign: the one that is believed says who comes after it, and the new one that it is there. */
export function signKeyOffer(change: Omit<KeyChange, 'from' | 'to'>, { from, to }: KeyPair): KeyOffer {
  const text = JSON.stringify({ ...change, from: from.id, to: to.id });
  return { text, byOld: signText(TYPE, text, from).signature, byNew: signText(TYPE, text, to).signature };
}

/** The key that is offered; null when that is not what was asked for, or not signed by both. Never throws. */
export async function readKeyOffer(
  { text, byOld, byNew }: KeyOffer,
  expected: Omit<KeyChange, 'to'>,
): Promise<string | null> {
  const change = parseJsonAs(textSchema, text);
  if (change === null || change.to === change.from) return null;
  const { to, ...rest } = change;
  const isAsked = rest.fleet === expected.fleet && rest.host === expected.host && rest.job === expected.job;
  if (!isAsked || rest.from !== expected.from) return null;
  const holds = await Promise.all([
    textHolds(TYPE, { text, signature: byOld }, expected.from),
    textHolds(TYPE, { text, signature: byNew }, to),
  ]);
  return holds.every(Boolean) ? to : null;
}
