import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { BrokerSettings } from '../core/broker-settings.ts';
import type { EmbeddedFiles } from '../core/embedded-files.ts';
import { CommandError } from '../core/errors.ts';
import { writeDurably } from '../host/durable-file.ts';
import { makeCertificate } from '../host/make-certificate.ts';
import { replaceAccess } from './embedded-access.ts';
import { tlsFiles, type RedisUser } from './embedded-redis.ts';
import { openFailFastLink } from './fail-fast-link.ts';

const DAY_MS = 24 * 3_600_000;
const CERTIFICATE_DAYS = 365;
/** With this much of its time left a certificate is made anew. */
const RENEW_DAYS = 60;
/** With this much left it should have been made anew long ago. */
const WARN_DAYS = 30;
/** Every host has to join again before the authority ends. */
const WARN_OF_AUTHORITY_DAYS = 90;

export type ServerCertificate = {
  /** The name or address that hosts connect to. */
  readonly host: string;
  readonly files: EmbeddedFiles;
  /** Who Redis runs as; null for ourselves. */
  readonly owner: RedisUser | null;
  readonly now: number;
};

/**
 * Gives a Redis that is to start a certificate for that name, of celeroot's own authority; one that will do is used
 * again.
 * @throws CommandError when openssl is missing or fails, or the authority is damaged or has ended.
 */
export async function prepareCertificate(wanted: ServerCertificate): Promise<void> {
  const { files, owner } = wanted;
  const authority = await readCertificate(files.authorityCertificate);
  if (authority === null) {
    throw new CommandError('COMMAND_FAILED', `${files.authorityCertificate} is no certificate`, {
      hint: replaceAccess(files),
    });
  }
  if (await isDue(authority, wanted)) return await giveNewCertificate(authority, wanted);
  await writeDurably(files.certificateInUse, await readFile(files.certificate, 'utf8'), { owner });
}

/**
 * Gives the Redis that runs a new certificate when its own nears its end; returns whether it did. Connections stay, and
 * hosts need not be told: what they pin is the authority.
 * @throws CommandError as above, ConnectionError when Redis is away.
 */
export async function renewCertificate(settings: BrokerSettings, wanted: ServerCertificate): Promise<boolean> {
  const authority = await readCertificate(wanted.files.authorityCertificate);
  if (authority === null || !(await isDue(authority, wanted))) return false;
  await giveNewCertificate(authority, wanted, async () => {
    await using link = await openFailFastLink(settings);
    // Redis reads the files anew although their names are what they were.
    await link.ask((client) => client.call('CONFIG', 'SET', ...tlsFiles()));
  });
  return true;
}

/** What an operator should know of what is about to end, a line each: hosts would then come no more. */
export async function warnOfCertificates(files: EmbeddedFiles, now: number): Promise<readonly string[]> {
  const authority = await readCertificate(files.authorityCertificate);
  const certificate = await readCertificate(files.certificate);
  const ends = authority !== null && endsWithin(authority, WARN_OF_AUTHORITY_DAYS, now);
  const isOverdue =
    certificate !== null && endsWithin(certificate, WARN_DAYS, now) && !endsTogether(certificate, authority);
  return [
    ...(ends ? [`the authority that hosts pin ends at ${endOf(authority)}; ${replaceAccess(files)}`] : []),
    ...(isOverdue
      ? [
          `the certificate of Redis ends at ${endOf(certificate)} and was not renewed; the worker that  celeroot up  starts does that, and its log says why not`,
        ]
      : []),
  ];
}

function endsWithin({ validToDate }: X509Certificate, days: number, now: number): boolean {
  return validToDate.getTime() - now < days * DAY_MS;
}

/**
 * Whether Redis needs another one: none is there, or it is for another name, of another authority, or sooner over than
 * another would be. Of an authority that has ended none can be made, which is then said.
 */
async function isDue(authority: X509Certificate, { files, host, now }: ServerCertificate): Promise<boolean> {
  const certificate = await readCertificate(files.certificate);
  if (certificate === null) return true;
  const names = isIP(host) === 0 ? certificate.checkHost(host, { subject: 'never' }) : certificate.checkIP(host);
  if (names === undefined || !certificate.verify(authority.publicKey)) return true;
  if (endsWithin(authority, 1, now)) return true;
  return endsWithin(certificate, RENEW_DAYS, now) && !endsTogether(certificate, authority);
}

/** Counted in whole days, and in seconds from when it is made, the last certificate ends a day or so before. */
const TOGETHER_MS = 2 * DAY_MS;

/** Whether another certificate would last no longer. */
function endsTogether(certificate: X509Certificate, authority: X509Certificate | null): boolean {
  return authority !== null && authority.validToDate.getTime() - certificate.validToDate.getTime() < TOGETHER_MS;
}

/** What was given is written down last, so that what a crash breaks off is done again. */
async function giveNewCertificate(
  authority: X509Certificate,
  { files, host, owner, now }: ServerCertificate,
  give = async (): Promise<void> => undefined,
): Promise<void> {
  const daysLeft = Math.floor((authority.validToDate.getTime() - now) / DAY_MS);
  if (daysLeft < 1) {
    throw new CommandError('COMMAND_FAILED', `the authority that hosts pin ended at ${endOf(authority)}`, {
      hint: replaceAccess(files),
    });
  }
  const { certificate, key } = await makeCertificate(files.access, {
    commonName: 'celeroot broker',
    extensions: [
      'basicConstraints = critical, CA:FALSE',
      'keyUsage = critical, digitalSignature',
      'extendedKeyUsage = serverAuth',
      'subjectKeyIdentifier = hash',
      'authorityKeyIdentifier = keyid',
      `subjectAltName = ${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`,
    ],
    days: Math.min(CERTIFICATE_DAYS, daysLeft),
    signer: { certificate: files.authorityCertificate, key: files.authorityKey },
  });
  await writeDurably(files.certificateInUse, `${certificate}${key}`, { owner });
  await give();
  await writeDurably(files.certificate, `${certificate}${key}`);
}

function endOf({ validToDate }: X509Certificate): string {
  return validToDate.toISOString();
}

/** Null for what is not there or no certificate. */
async function readCertificate(file: string): Promise<X509Certificate | null> {
  try {
    return new X509Certificate(await readFile(file));
  } catch {
    return null;
  }
}
