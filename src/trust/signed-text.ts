import { sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { Signed } from '../core/signed.ts';
import { preAuthEncoding } from './dsse.ts';
import { parsePublicKey, type SigningKey } from './key.ts';

/**
 * Signs the exact text as one of a kind, by the encoding of DSSE, so that a signature of one kind can stand for no
 * other. The signature is base64 beside the text: for what is too long, or too frequent, for an envelope.
 */
export function signText(type: string, text: string, key: SigningKey): Signed {
  const signature = sign(null, preAuthEncoding(type, Buffer.from(text)), key.privateKey).toString('base64');
  return { text, signature };
}

const verifyElsewhere = promisify(verify);

/**
 * Whether the key has signed that text as one of that kind. Never throws. Beside this thread, so that thousands are
 * checked on all processors.
 */
export async function textHolds(type: string, { text, signature }: Signed, key: string): Promise<boolean> {
  const publicKey = parsePublicKey(key);
  if (publicKey === null) return false;
  return await verifyElsewhere(
    null,
    preAuthEncoding(type, Buffer.from(text)),
    publicKey,
    Buffer.from(signature, 'base64'),
  );
}
