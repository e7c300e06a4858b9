import { createHash } from 'node:crypto';

/**
 * What people compare, or type, instead of a whole public key: 96 bits of its SHA-256 in groups of four hexadecimal
 * digits. To find another key with the same takes some 2^96 attempts.
 */
export function keyFingerprint(key: string): string {
  const digits = createHash('sha256').update(key).digest('hex').slice(0, 24);
  return digits.replaceAll(/.{4}(?!$)/g, '$&-');
}

/** Whether somebody typed the fingerprint of that key, with whatever hyphens, spaces and capitals. */
export function isFingerprintOf(typed: string, key: string): boolean {
  return bare(typed) === bare(keyFingerprint(key));
}

/** Whether it has the form of one. */
export function looksLikeFingerprint(typed: string): boolean {
  return /^[0-9a-f]{24}$/.test(bare(typed));
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll(/[\s-]/g, '');
}

/** All of the SHA-256 of a fleet's root keys, in whatever order they are listed. */
export function rootsDigest(roots: readonly string[]): string {
  return createHash('sha256').update(roots.toSorted().join('\n')).digest('hex');
}
