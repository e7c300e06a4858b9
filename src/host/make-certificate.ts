import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../core/errors.ts';
import type { Argv } from '../core/step.ts';
import { hasProgram } from './find-program.ts';
import { runCommand } from './run-command.ts';

export type CertificateRequest = {
  readonly commonName: string;
  /** Lines of an openssl configuration, see x509v3_config(5). */
  readonly extensions: readonly string[];
  readonly days: number;
  /** Files of the authority that signs it; null makes one that signs itself. */
  readonly signer: { readonly certificate: string; readonly key: string } | null;
};

/** Both in PEM; the key is not encrypted. */
export type Certificate = { readonly certificate: string; readonly key: string };

const NEW_CERTIFICATE: Argv = [
  'openssl',
  'req',
  '-x509',
  '-sha256',
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:prime256v1',
  '-nodes',
];

/**
 * Makes a key on the curve P-256 and a certificate of it with openssl. `folder` must be closed to others: the key is in
 * a folder there while openssl runs.
 * @throws CommandError MISSING_PROGRAM, COMMAND_FAILED.
 */
export async function makeCertificate(folder: string, request: CertificateRequest): Promise<Certificate> {
  await requireOpenssl();
  const place = await mkdtemp(join(folder, 'new-'));
  try {
    const [config, key, certificate] = [join(place, 'openssl.cnf'), join(place, 'key'), join(place, 'certificate')];
    await writeFile(config, configOf(request));
    const signed = request.signer === null ? [] : ['-CA', request.signer.certificate, '-CAkey', request.signer.key];
    const { exitCode, stderr } = await runCommand([
      ...NEW_CERTIFICATE,
      ...signed,
      '-days',
      String(request.days),
      '-config',
      config,
      '-keyout',
      key,
      '-out',
      certificate,
    ]);
    if (exitCode !== 0) throw failed(stderr);
    return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Its own, so that nothing of the machine's openssl.cnf gets in. */
function configOf({ commonName, extensions }: CertificateRequest): string {
  return [
    '[req]',
    'prompt = no',
    'distinguished_name = subject',
    'x509_extensions = extensions',
    '[subject]',
    `CN = ${commonName}`,
    '[extensions]',
    ...extensions,
    '',
  ].join('\n');
}

async function requireOpenssl(): Promise<void> {
  if (await hasProgram('openssl')) return;
  throw new CommandError('MISSING_PROGRAM', 'the program openssl is not installed', {
    hint: 'apt-get install --no-install-recommends openssl',
  });
}

function failed(stderr: string): CommandError {
  const why = stderr.trim().split('\n').at(-1) ?? '';
  return new CommandError('COMMAND_FAILED', `openssl made no certificate: ${why}`);
}
