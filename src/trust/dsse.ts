import { sign, verify } from 'node:crypto';
import * as z from 'zod';
import { RejectedError } from '../core/errors.ts';
import type { RefusalCode } from '../core/report.ts';
import { parsePublicKey, type SigningKey } from './key.ts';
import { parseStrictJson } from './strict-json.ts';

/** The largest envelope that is made or read, in bytes. */
const MAX_ENVELOPE_BYTES = 256 * 1024;

export type Refused = { readonly ok: false; readonly code: RefusalCode; readonly message: string };
export type Opened = { readonly ok: true; readonly payload: unknown } | Refused;

const envelopeSchema = z.strictObject({
  payloadType: z.string(),
  payload: z.string(),
  signatures: z.tuple([z.strictObject({ keyid: z.string(), sig: z.string() })]),
});
type Envelope = z.infer<typeof envelopeSchema>;

/**
 * Signs a JSON text in a DSSE envelope (https://github.com/secure-systems-lab/dsse, envelope.md): the signature is
 * over the exact bytes of type and payload, so nothing is ever serialised again to be checked.
 * @throws RejectedError when the envelope would be larger than a host reads.
 */
export function sealEnvelope(payloadType: string, payload: string, key: SigningKey): string {
  const bytes = Buffer.from(payload, 'utf8');
  const sig = sign(null, preAuthEncoding(payloadType, bytes), key.privateKey).toString('base64');
  const envelope = { payloadType, payload: bytes.toString('base64'), signatures: [{ keyid: key.id, sig }] };
  const text = JSON.stringify(envelope);
  if (text.length > MAX_ENVELOPE_BYTES) {
    throw new RejectedError(
      'INVALID_ARGUMENTS',
      `the order has ${text.length} bytes, at most ${MAX_ENVELOPE_BYTES} fit`,
      {
        hint: 'give the task fewer arguments and run it several times',
      },
    );
  }
  return text;
}

/** The signed JSON value, once size, form, type, key and signature held, in that order. Never throws. */
export function openEnvelope(text: string, payloadType: string, signers: readonly string[]): Opened {
  if (text.length > MAX_ENVELOPE_BYTES || Buffer.byteLength(text) > MAX_ENVELOPE_BYTES) {
    return refuse('TOO_LARGE', `the envelope has more than ${MAX_ENVELOPE_BYTES} bytes`);
  }
  const json = parseStrictJson(text);
  if (json === null) return refuse('MALFORMED', 'not JSON, or not in the form celeroot writes');
  if (isUnsigned(json.value)) return refuse('UNSIGNED', 'there is no signature');
  const envelope = envelopeSchema.safeParse(json.value);
  if (!envelope.success) return refuse('MALFORMED', 'not a DSSE envelope with one signature');
  return openSigned(envelope.data, payloadType, signers);
}

function openSigned(envelope: Envelope, payloadType: string, signers: readonly string[]): Opened {
  if (envelope.payloadType !== payloadType) {
    return refuse('MALFORMED', `the type is ${quote(envelope.payloadType)}, expected ${quote(payloadType)}`);
  }
  const [{ keyid, sig }] = envelope.signatures;
  const payload = decodeBase64(envelope.payload);
  const signature = decodeBase64(sig);
  if (payload === null || signature === null) return refuse('MALFORMED', 'the base64 is not canonical');

  const publicKey = signers.includes(keyid) ? parsePublicKey(keyid) : null;
  if (publicKey === null) return refuse('UNKNOWN_KEY', `signed by ${quote(keyid)}, which is not a signer of this host`);
  if (!verify(null, preAuthEncoding(payloadType, payload), publicKey, signature)) {
    return refuse('BAD_SIGNATURE', 'the signature does not fit');
  }
  const json = decodeUtf8(payload);
  const value = json === null ? null : parseStrictJson(json);
  if (value === null) return refuse('MALFORMED', 'what is signed is not JSON, or not in the form celeroot writes');
  return { ok: true, payload: value.value };
}

export function refuse(code: RefusalCode, message: string): Refused {
  return { ok: false, code, message };
}

/** Text from an untrusted order, short and on one line, for a message. */
export function quote(text: string): string {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return JSON.stringify(shown).replaceAll(/[^\x20-\x7e\u2026]/g, '?');
}

/** PAE of the DSSE protocol: lengths make the boundary between type and payload certain. */
function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
  const header = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(header, 'utf8'), payload]);
}

/** An order put into a queue by hand mostly has no signature at all; it deserves that word rather than "malformed". */
function isUnsigned(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (!('signatures' in value)) return true;
  return Array.isArray(value.signatures) && value.signatures.length === 0;
}

/** Null unless the text is the one form that encodes its bytes; Buffer.from alone forgives nearly everything. */
function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

function decodeUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
