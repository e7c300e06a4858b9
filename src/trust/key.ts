import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A private key that signs orders, with the text that names its public half. */
export type SigningKey = {
  /** `ed25519:` and the 32 bytes of the public key in base64, as in `signers:` of celeroot.yaml. */
  readonly id: string;
  readonly privateKey: KeyObject;
};

const PREFIX = 'ed25519:';
const PUBLIC_KEY_BYTES = 32;

export function makeSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { id: formatPublicKey(createPublicKey(privateKey)), privateKey };
}

/** The private key as PKCS #8 in PEM, for a key file. */
export function formatPrivateKey(key: SigningKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Null when the text is no unencrypted Ed25519 private key in PEM. */
export function parsePrivateKey(pem: string): SigningKey | null {
  const privateKey = keyOrNull(() => createPrivateKey({ key: pem, format: 'pem' }));
  if (privateKey?.asymmetricKeyType !== 'ed25519') return null;
  return { id: formatPublicKey(createPublicKey(privateKey)), privateKey };
}

export function formatPublicKey(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' });
  return `${PREFIX}${Buffer.from(x ?? '', 'base64url').toString('base64')}`;
}

/** Null when the text is not `ed25519:` and 32 bytes in the one base64 form that formatPublicKey writes. */
export function parsePublicKey(text: string): KeyObject | null {
  if (!text.startsWith(PREFIX)) return null;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== PUBLIC_KEY_BYTES || bytes.toString('base64') !== encoded) return null;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return keyOrNull(() => createPublicKey({ key: jwk, format: 'jwk' }));
}

/** OpenSSL reports every kind of bad key by throwing, with texts that differ by version. */
function keyOrNull(make: () => KeyObject): KeyObject | null {
  try {
    return make();
  } catch {
    return null;
  }
}
