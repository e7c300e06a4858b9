import * as z from 'zod';
import { fleetNameSchema } from '../core/names.ts';
import { sealEnvelope } from './dsse.ts';
import type { SigningKey } from './key.ts';

/** The only accepted type of a trust file. */
export const TRUST_TYPE = 'application/vnd.celeroot.trust+json;v=1';

/** The text form of a public key; whether it is a point of the curve is seen when it is used. */
const publicKeySchema = z.string().regex(/^ed25519:[A-Za-z0-9+/]{43}=$/);

/** Names that people give to keys: `ada`, `ada-laptop`, `night-shift`. */
const keyNameSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/, {
  error: 'expected 1 to 64 lower-case letters, digits, dots, hyphens or underscores',
});

/**
 * What a key is for. An operator's signs orders and standing orders; a scheduler's orders that carry a standing order of
 * an operator; a release key what is installed on hosts, and nothing that hosts are told to do.
 */
export const KEY_KINDS = ['operator', 'scheduler', 'release'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** Who may ask for what, where and when. Times in milliseconds since 1970. */
export const grantSchema = z.strictObject({
  name: keyNameSchema,
  key: publicKeySchema,
  /** Left out for an operator's. */
  kind: z.enum(KEY_KINDS).optional(),
  /** As a role's tasks: `apt.install`, `apt.*`, `*`. */
  tasks: z.array(z.string().max(128)).min(1).max(100),
  /** Host names, globs, or `@role`. */
  hosts: z.array(z.string().min(1).max(128)).min(1).max(1000),
  notBefore: z.int().min(0),
  notAfter: z.int().min(0),
  /** From then on nothing the key asks for is begun; null while it is good. */
  revokedAt: z.int().min(0).nullable(),
});
export type Grant = Readonly<z.infer<typeof grantSchema>>;

export function kindOf({ kind }: Grant): KeyKind {
  return kind ?? 'operator';
}

/**
 * The trust file: whom a fleet's hosts obey. Signed by root keys, which sign nothing else. A host takes a newer
 * version only when the roots it knows have signed it, so roots can be replaced without touching hosts by hand, as in
 * TUF (https://theupdateframework.github.io/specification/latest/, 5.3).
 */
export const trustSchema = z
  .strictObject({
    fleet: fleetNameSchema,
    /** Only ever goes up. */
    version: z.int().min(1),
    issuedAt: z.int().min(0),
    /** From then on the file is good for nothing; whoever holds back newer ones gains no more time than that. */
    expiresAt: z.int().min(0),
    roots: z.array(publicKeySchema).min(1).max(5),
    /** How many of the roots must sign the next version. */
    threshold: z.int().min(1).max(5),
    grants: z.array(grantSchema).max(500),
  })
  .refine(({ roots, threshold }) => threshold <= roots.length)
  .refine(({ issuedAt, expiresAt }) => expiresAt > issuedAt);
export type Trust = Readonly<z.infer<typeof trustSchema>>;

/** The envelope in which a trust file is kept and sent. */
export function signTrust(trust: Trust, roots: readonly SigningKey[]): string {
  return sealEnvelope(TRUST_TYPE, JSON.stringify(trust), ...roots);
}
