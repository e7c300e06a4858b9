import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { Secret } from '../core/secret.ts';
import { preAuthEncoding } from './dsse.ts';
import type { JoinToken } from './join-token.ts';

/**
 * What the two sides of a join by token say to each other through Redis. The host: `offer`, its signed join answer;
 * `receipt`, that it has what it needs; `withdrawal`, that it gives up, and why. The controller: `acceptance`, the
 * worker file; or `refusal`, the reason.
 */
const sealedSchema = z.strictObject({
  kind: z.enum(['offer', 'receipt', 'withdrawal', 'acceptance', 'refusal']),
  text: z.string(),
  mac: z.string().max(100),
});
type JoinWord = Readonly<Omit<z.infer<typeof sealedSchema>, 'mac'>>;

/** Longer ones are not looked at. */
const MAX_SEALED_BYTES = 262_144;

/** What both sides make of a token's secret. */
export type JoinSeal = {
  /** Names this one join in Redis. */
  readonly id: string;
  /** Of the user of Redis that is there for this one join. From it the secret cannot be told. */
  readonly password: Secret;
  /** One line of JSON. */
  readonly seal: (word: JoinWord) => string;
  /** Null for what the other side, or we, have not sealed with this token. */
  readonly open: (sealed: string) => JoinWord | null;
};

/**
 * The keys depend on all that the token says of who joins what, so that a token with another name in it fits nothing.
 */
export function joinSealOf({ fleet, host, roots, expiresAt, secret }: JoinToken): JoinSeal {
  const bytes = Buffer.from(secret.reveal(), 'base64url');
  const derive = (purpose: string): Buffer => {
    const info = JSON.stringify(['celeroot join v1', purpose, fleet, host, roots, expiresAt]);
    return Buffer.from(hkdfSync('sha256', bytes, '', info, 32));
  };
  const macKey = derive('mac');
  const macOf = ({ kind, text }: JoinWord): Buffer => {
    const type = `application/vnd.celeroot.join-${kind};v=1`;
    return createHmac('sha256', macKey)
      .update(preAuthEncoding(type, Buffer.from(text)))
      .digest();
  };
  return {
    id: derive('id').toString('hex', 0, 8),
    password: new Secret(derive('password').toString('base64url')),
    seal: (word) => JSON.stringify({ ...word, mac: macOf(word).toString('base64') }),
    open: (sealed) => {
      if (sealed.length > MAX_SEALED_BYTES) return null;
      const word = parseJsonAs(sealedSchema, sealed);
      if (word === null) return null;
      const [expected, came] = [macOf(word), Buffer.from(word.mac, 'base64')];
      if (came.length !== expected.length || !timingSafeEqual(came, expected)) return null;
      return { kind: word.kind, text: word.text };
    },
  };
}
