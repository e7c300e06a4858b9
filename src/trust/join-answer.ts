import * as z from 'zod';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import type { SigningKey } from './key.ts';
import { signText, textHolds } from './signed-text.ts';

const TYPE = 'application/vnd.celeroot.join-answer+json;v=1';

const joinAnswerSchema = z.strictObject({
  fleet: fleetNameSchema,
  host: hostNameSchema,
  /** The host's public key, which has signed this. */
  key: z.string().max(100),
  /** See `machineIdentity`; empty for a machine without an id. */
  machine: z.string().regex(/^(?:[0-9a-f]{32})?$/),
  /** `sha256:` and the digest of the host's own password for Redis; null when it uses the fleet's. */
  brokerPassword: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .nullable(),
  /** celeroot's version. */
  version: z.string().max(64),
  /** Milliseconds since 1970 by the host's clock. */
  at: z.int().min(0),
});

/** What a machine that joins says of itself. Nothing in it is secret. */
export type JoinAnswer = Readonly<z.infer<typeof joinAnswerSchema>>;

const signedSchema = z.strictObject({ text: z.string().max(4000), signature: z.string().max(200) });

/** More than any join answer is long, in bytes. */
export const MAX_ANSWER_BYTES = 16_384;

/** One line of JSON without its line end. */
export function signJoinAnswer(answer: Omit<JoinAnswer, 'key'>, key: SigningKey): string {
  return JSON.stringify(signText(TYPE, JSON.stringify({ ...answer, key: key.id }), key));
}

/**
 * Reads exactly one line; null when it is no join answer, or not signed by the key it names. That proves the sender has
 * the key, and nothing about who the sender is: the way it came does, such as SSH.
 */
export async function readJoinAnswer(line: string): Promise<JoinAnswer | null> {
  const text = line.trim();
  if (text.includes('\n')) return null;
  const signed = parseJsonAs(signedSchema, text);
  const answer = parseJsonAs(joinAnswerSchema, signed?.text);
  return signed !== null && answer !== null && (await textHolds(TYPE, signed, answer.key)) ? answer : null;
}
