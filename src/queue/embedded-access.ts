import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { EmbeddedFiles } from '../core/embedded-files.ts';
import { CommandError, messageOf } from '../core/errors.ts';
import { hasCode } from '../core/system-error.ts';
import { syncFolder, writeDurably } from '../host/durable-file.ts';
import { makeCertificate } from '../host/make-certificate.ts';

/** How long hosts may pin the authority. */
const AUTHORITY_DAYS = 3650;
const PASSWORD_BYTES = 32;

/**
 * Makes what the embedded Redis needs once to listen: an authority of its own for certificates, and the controller's
 * password. Whole or not at all: of two starts at a time one makes it and the other finds it.
 * @throws CommandError when openssl is missing or fails.
 */
export async function makeAccess(files: EmbeddedFiles): Promise<void> {
  if (existsSync(files.access)) return;
  const draft = await mkdtemp(`${files.access}-`);
  const at = (file: string): string => join(draft, basename(file));
  try {
    const { certificate, key } = await makeCertificate(draft, {
      commonName: 'celeroot authority',
      extensions: [
        'basicConstraints = critical, CA:TRUE, pathlen:0',
        'keyUsage = critical, keyCertSign, cRLSign',
        'subjectKeyIdentifier = hash',
      ],
      days: AUTHORITY_DAYS,
      signer: null,
    });
    await writeDurably(at(files.authorityKey), key);
    await writeDurably(at(files.authorityCertificate), certificate);
    await writeDurably(at(files.password), `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`);
    await rename(draft, files.access);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
  }
  await syncFolder(dirname(files.access));
}

/** @throws CommandError when it is gone or damaged. */
export async function readControllerPassword(files: EmbeddedFiles): Promise<string> {
  const text = await readFile(files.password, 'utf8').catch((error: unknown) => {
    throw new CommandError('COMMAND_FAILED', `the controller’s password cannot be read: ${messageOf(error)}`, {
      hint: replaceAccess(files),
      cause: error,
    });
  });
  return text.trim();
}

/** What to type to have all of it made anew. */
export function replaceAccess({ access }: EmbeddedFiles): string {
  return `to have it made anew:  celeroot down && rm -r ${access} && celeroot up ; then the line of  celeroot hosts join  for every host`;
}
