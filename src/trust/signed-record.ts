import type * as z from 'zod';
import { MAX_CLOCK_SKEW_MS } from '../core/clock.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import type { SignedByKey } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { signText, textHolds } from './signed-text.ts';
import { kindOf, type Grant, type KeyKind } from './trust-file.ts';

/** What is signed as one of a kind, as it stands in Redis. */
export function sealRecord(type: string, value: object, key: SigningKey): SignedByKey {
  return { ...signText(type, JSON.stringify(value), key), key: key.id };
}

export type RecordKind<Schema extends z.ZodType> = { readonly type: string; readonly schema: Schema };

/**
 * What is in a record, if a key of the trust file has signed it as one of that kind, and it has that form; else null.
 * Never throws. Whether that key counted when it says it was made is for `mayHaveSigned`.
 */
export async function openRecord<Schema extends z.ZodType>(
  stored: SignedByKey,
  { type, schema }: RecordKind<Schema>,
  grants: readonly Grant[],
): Promise<z.output<Schema> | null> {
  if (!grants.some((grant) => grant.key === stored.key)) return null;
  return (await textHolds(type, stored, stored.key)) ? parseJsonAs(schema, stored.text) : null;
}

export type Signing = { readonly key: string; readonly as: readonly KeyKind[]; readonly at: number };

/**
 * Whether a key counted as one of these kinds at a time, by the clock of whoever had it; one that was revoked since
 * counts for what was before.
 */
export function mayHaveSigned(grants: readonly Grant[], { key, as, at }: Signing): boolean {
  const grant = grants.find((each) => each.key === key);
  if (grant === undefined || !as.includes(kindOf(grant))) return false;
  const { notBefore, notAfter, revokedAt } = grant;
  const isInTime = at >= notBefore - MAX_CLOCK_SKEW_MS && at < notAfter + MAX_CLOCK_SKEW_MS;
  return isInTime && (revokedAt === null || at < revokedAt);
}
