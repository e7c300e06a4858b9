import * as z from 'zod';
import { checkKey } from './authority.ts';
import { openEnvelope, refuse, sealEnvelope, type Refused } from './dsse.ts';
import type { SigningKey } from './key.ts';
import { kindOf, type Trust } from './trust-file.ts';

const RELEASE_TYPE = 'application/vnd.celeroot.release+json;v=1';

const fileSchema = z.strictObject({
  /** Without a folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}$/, { error: 'expected a plain file name' }),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().min(0),
});
export type ReleasedFile = Readonly<z.infer<typeof fileSchema>>;

/** What was built and may be installed on hosts; signed by a release key, which signs nothing that hosts are told to do. */
export const releaseSchema = z.strictObject({
  version: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+~-]{0,63}$/, { error: 'expected a version such as 1.2.0' }),
  /** Milliseconds since 1970. */
  signedAt: z.int().min(0),
  files: z
    .array(fileSchema)
    .min(1)
    .max(100)
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length, { error: 'a file stands twice' }),
});
export type Release = Readonly<z.infer<typeof releaseSchema>>;

/** The text of a release file. */
export function sealRelease(release: Release, key: SigningKey): string {
  return sealEnvelope(RELEASE_TYPE, JSON.stringify(releaseSchema.parse(release)), key);
}

export type OpenedRelease = { readonly ok: true; readonly release: Release; readonly signedBy: string } | Refused;

/** Reads a release that one of these keys has signed. Never throws. */
export function openRelease(text: string, known: readonly string[]): OpenedRelease {
  const opened = openEnvelope(text, RELEASE_TYPE, { known, most: 1 });
  if (!opened.ok) return opened;
  const parsed = releaseSchema.safeParse(opened.payload);
  if (!parsed.success) return refuse('MALFORMED', 'the release does not fit the form this celeroot knows');
  return { ok: true, release: parsed.data, signedBy: opened.signedBy[0] ?? '' };
}

/** Reads a release as a trust file has it: its key must be a release key that is in force. Never throws. */
export function openTrustedRelease(text: string, trust: Trust, now: number): OpenedRelease {
  const opened = openRelease(
    text,
    trust.grants.map(({ key }) => key),
  );
  if (!opened.ok) return opened;
  return checkReleaseKey(trust, opened.signedBy, now) ?? opened;
}

/** Whether a key is a release key in force; null when it is. */
export function checkReleaseKey(trust: Trust, key: string, now: number): Refused | null {
  return checkKey(trust, { key, as: 'release', now, begunAt: null });
}

/** Whether a trust file has release keys, be they revoked: then what is installed must be released. */
export function wantsReleases({ grants }: Trust): boolean {
  return grants.some((grant) => kindOf(grant) === 'release');
}
