import { readFileSync } from 'node:fs';

const DIGEST_BYTES = 32;

/** What V8 compiled, with its digest behind it: V8 itself looks at little more than the length, and a flipped bit may crash it. */
export function sealCodeCache(code: Buffer): Buffer {
  return Buffer.concat([code, digest(code)]);
}

/** Null when the file is missing or damaged. Without it everything works, slower. */
export function readCodeCache(file: string): Buffer | null {
  try {
    const sealed = readFileSync(file);
    const code = sealed.subarray(0, -DIGEST_BYTES);
    return digest(code).equals(sealed.subarray(code.length)) ? code : null;
  } catch {
    return null;
  }
}

/** The module is loaded here and not above, for the sake of `--version`; nearly all else needs it anyway. */
function digest(code: Buffer): Buffer {
  return process.getBuiltinModule('node:crypto').hash('sha256', code, 'buffer');
}
