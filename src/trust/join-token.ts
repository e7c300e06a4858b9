import { createHash } from 'node:crypto';
import * as z from 'zod';
import { ConfigError } from '../core/errors.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { Secret } from '../core/secret.ts';

/** Bytes of the secret: 256 bits. */
export const TOKEN_SECRET_BYTES = 32;

const tokenSchema = z.strictObject({
  v: z.literal(1),
  fleet: fleetNameSchema,
  host: hostNameSchema,
  /** Where Redis is and which authority its certificate is from, as in `broker:` of a worker file, without a login. */
  broker: z.record(z.string(), z.unknown()),
  /** `rootsDigest` of the keys whose trust file the host will obey. */
  roots: z.string().regex(/^[0-9a-f]{64}$/),
  /** Milliseconds since 1970 by the controller's clock. */
  expiresAt: z.int().min(0),
  secret: z
    .string()
    .regex(/^[\w-]{43}$/)
    .transform((text) => new Secret(text)),
});

/** What lets one machine join as one host, once, within some minutes. */
export type JoinToken = Readonly<Omit<z.output<typeof tokenSchema>, 'v'>>;

/** A person pastes it: an authority's certificate fits, the list of all authorities of the world does not. */
const MAX_JSON_BYTES = 12_000;
const CHECK_BYTES = 8;
const NAME = 'CELEROOT JOIN TOKEN';

/** More than any token is long, with what may come around it. */
export const MAX_TOKEN_BYTES = 32_768;

/** The last line of a token. */
export const TOKEN_END: RegExp = new RegExp(`END ${NAME}`);

/**
 * Lines between marks, as administrators know them from keys. What is within begins with a digest, so that a token of
 * which a part is missing or changed is no token.
 * @throws ConfigError CONFIG_INVALID when it would be too long to paste, because of `ca_file`.
 */
export function formatJoinToken({ secret, ...token }: JoinToken): string {
  const json = Buffer.from(JSON.stringify({ v: 1, ...token, secret: secret.reveal() }));
  if (json.length > MAX_JSON_BYTES) {
    throw new ConfigError('CONFIG_INVALID', `the token would have ${json.length} bytes, too many to paste`, {
      hint: 'let ca_file under broker: hold only the one authority that signed the certificate of Redis',
    });
  }
  const lines =
    Buffer.concat([checkOf(json), json])
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${NAME}-----`, ...lines, `-----END ${NAME}-----`, ''].join('\n');
}

/**
 * Null when there is not one whole token in the text. Spaces, quotation marks and line ends of all kinds that a mail, a
 * chat or a terminal put into it do no harm.
 */
export function parseJoinToken(text: string): JoinToken | null {
  const inner = WHOLE.exec(text)?.[1];
  if (inner === undefined) return null;
  const bytes = Buffer.from(inner.replaceAll(/[^A-Za-z0-9+/]/g, ''), 'base64');
  const json = bytes.subarray(CHECK_BYTES);
  if (!checkOf(json).equals(bytes.subarray(0, CHECK_BYTES))) return null;
  const token = parseJsonAs(tokenSchema, json.toString('utf8'));
  if (token === null) return null;
  const { v: _version, ...rest } = token;
  return rest;
}

const WHOLE = new RegExp(`BEGIN ${NAME}(.*?)END ${NAME}`, 's');

function checkOf(json: Buffer): Buffer {
  return createHash('sha256').update(json).digest().subarray(0, CHECK_BYTES);
}
