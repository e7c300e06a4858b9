import { sign, verify } from 'node:crypto';
import * as z from 'zod';
import { BugError, RejectedError } from '../core/errors.ts';
import type { RefusalCode } from '../core/report.ts';
import { parsePublicKey, type SigningKey } from './key.ts';
import { parseStrictJson } from './strict-json.ts';

/** The largest envelope that is made or read, in bytes. */
const MAX_ENVELOPE_BYTES = 256 * 1024;

export type Refused = { readonly ok: false; readonly code: RefusalCode; readonly message: string };
/** `signedBy`: the keys whose signatures hold. */
export type Opened = { readonly ok: true; readonly payload: unknown; readonly signedBy: readonly string[] } | Refused;

/** One or two in an order; a trust file may need those of several root keys. */
const MOST_SIGNATURES = 10;

const envelopeSchema = z.strictObject({
  payloadType: z.string(),
  payload: z.string(),
  signatures: z
    .array(z.strictObject({ keyid: z.string(), sig: z.string() }))
    .min(1)
    .max(MOST_SIGNATURES),
});
type Envelope = z.infer<typeof envelopeSchema>;

/**
 * Signs a JSON text in a DSSE envelope (https://github.com/secure-systems-lab/dsse, envelope.md): the signature is
 * over the exact bytes of type and payload, so nothing is ever serialised again to be checked.
 * @throws RejectedError when the envelope would be larger than a host reads.
 */
export function sealEnvelope(payloadType: string, payload: string, ...keys: readonly SigningKey[]): string {
  const bytes = Buffer.from(payload, 'utf8');
  const signed = preAuthEncoding(payloadType, bytes);
  const signatures = keys.map((key) => ({
    keyid: key.id,
    sig: sign(null, signed, key.privateKey).toString('base64'),
  }));
  const text = JSON.stringify({ payloadType, payload: bytes.toString('base64'), signatures });
  if (text.length > MAX_ENVELOPE_BYTES) {
    throw new RejectedError(
      'INVALID_ARGUMENTS',
      `what is to be signed has ${text.length} bytes, at most ${MAX_ENVELOPE_BYTES} fit`,
      {
        hint: 'give the task fewer arguments and run it several times',
      },
    );
  }
  return text;
}

/**
 * The same envelope with one more signature, over the bytes that are in it.
 * @throws BugError when the text was not opened as an envelope of that type before.
 */
export function cosignEnvelope(text: string, payloadType: string, key: SigningKey): string {
  const envelope = readEnvelope(text, payloadType);
  if (!envelope.ok) throw new BugError(`an envelope that was not opened: ${envelope.message}`);
  const { payload, signatures } = envelope;
  const sig = sign(null, preAuthEncoding(payloadType, payload), key.privateKey).toString('base64');
  return JSON.stringify({
    payloadType,
    payload: payload.toString('base64'),
    signatures: [
      ...signatures.map(({ keyid, bytes }) => ({ keyid, sig: bytes.toString('base64') })),
      { keyid: key.id, sig },
    ],
  });
}

export type Signers = {
  readonly known: readonly string[];
  /** How many of them may have signed, each once; one is needed. */
  readonly most: number;
};

/** The signatures' keys and the signed JSON value, once everything below held. Never throws. */
export function openEnvelope(text: string, payloadType: string, { known, most }: Signers): Opened {
  const envelope = readEnvelope(text, payloadType);
  if (!envelope.ok) return envelope;
  const { signatures } = envelope;
  const signedBy = signatures.map(({ keyid }) => keyid);
  if (signatures.length > most || new Set(signedBy).size < signatures.length) {
    return refuse('MALFORMED', `not a DSSE envelope with ${most === 1 ? 'one signature' : 'one or two signatures'}`);
  }
  const stranger = signedBy.find((keyid) => !known.includes(keyid));
  if (stranger !== undefined) return unknownKey(stranger);
  for (const signature of signatures) {
    const unfit = checkSignature(envelope, signature);
    if (unfit !== null) return unfit;
  }
  return readPayload(envelope.payload, signedBy);
}

/**
 * The same for an envelope that several keys may have signed: all signatures must hold, and the caller judges whose
 * they are. Never throws.
 */
export function openEnvelopeOfMany(text: string, payloadType: string): Opened {
  const envelope = readEnvelope(text, payloadType);
  if (!envelope.ok) return envelope;
  for (const signature of envelope.signatures) {
    const unfit = checkSignature(envelope, signature);
    if (unfit !== null) return unfit;
  }
  return readPayload(envelope.payload, [...new Set(envelope.signatures.map(({ keyid }) => keyid))]);
}

type Signature = { readonly keyid: string; readonly bytes: Buffer };
type ReadEnvelope = {
  readonly ok: true;
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signatures: readonly Signature[];
};

/** Size, form and type, in that order; nothing is believed yet. */
function readEnvelope(text: string, payloadType: string): ReadEnvelope | Refused {
  if (text.length > MAX_ENVELOPE_BYTES || Buffer.byteLength(text) > MAX_ENVELOPE_BYTES) {
    return refuse('TOO_LARGE', `the envelope has more than ${MAX_ENVELOPE_BYTES} bytes`);
  }
  const json = parseStrictJson(text);
  if (json === null) return refuse('MALFORMED', 'not JSON, or not in the form celeroot writes');
  if (isUnsigned(json.value)) return refuse('UNSIGNED', 'there is no signature');
  const envelope = envelopeSchema.safeParse(json.value);
  if (!envelope.success) return refuse('MALFORMED', 'not a DSSE envelope');
  return decode(envelope.data, payloadType);
}

function decode(envelope: Envelope, payloadType: string): ReadEnvelope | Refused {
  if (envelope.payloadType !== payloadType) {
    return refuse('MALFORMED', `the type is ${quote(envelope.payloadType)}, expected ${quote(payloadType)}`);
  }
  const payload = decodeBase64(envelope.payload);
  const signatures: Signature[] = [];
  for (const { keyid, sig } of envelope.signatures) {
    const bytes = decodeBase64(sig);
    if (bytes !== null) signatures.push({ keyid, bytes });
  }
  if (payload === null || signatures.length < envelope.signatures.length) {
    return refuse('MALFORMED', 'the base64 is not canonical');
  }
  return { ok: true, payloadType, payload, signatures };
}

function checkSignature({ payloadType, payload }: ReadEnvelope, { keyid, bytes }: Signature): Refused | null {
  const publicKey = parsePublicKey(keyid);
  if (publicKey === null) return unknownKey(keyid);
  if (verify(null, preAuthEncoding(payloadType, payload), publicKey, bytes)) return null;
  return refuse('BAD_SIGNATURE', 'the signature does not fit');
}

function readPayload(payload: Buffer, signedBy: readonly string[]): Opened {
  const json = decodeUtf8(payload);
  const value = json === null ? null : parseStrictJson(json);
  if (value === null) return refuse('MALFORMED', 'what is signed is not JSON, or not in the form celeroot writes');
  return { ok: true, payload: value.value, signedBy };
}

function unknownKey(keyid: string): Refused {
  return refuse('UNKNOWN_KEY', `signed by ${quote(keyid)}, which is not a signer of this host`);
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
export function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
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
