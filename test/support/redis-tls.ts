import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Certificates = {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** Arguments with which redis-server speaks TLS on `port`, and nothing else. */
  readonly serverArguments: (port: number) => readonly string[];
};

/** Makes an authority and a certificate of it for 127.0.0.1 and localhost, in `folder`. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ed25519',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
  );
  openssl(
    'req',
    '-newkey',
    'ed25519',
    '-nodes',
    '-subj',
    '/CN=redis',
    '-keyout',
    at('redis.key'),
    '-out',
    at('redis.csr'),
  );
  await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  openssl(
    'x509',
    '-req',
    '-in',
    at('redis.csr'),
    '-CA',
    at('ca.crt'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    at('names'),
    '-out',
    at('redis.crt'),
  );
  return {
    ca: await readFile(at('ca.crt'), 'utf8'),
    serverArguments: (port) =>
      [
        ['--port', '0', '--tls-port', String(port)],
        ['--tls-cert-file', at('redis.crt'), '--tls-key-file', at('redis.key'), '--tls-ca-cert-file', at('ca.crt')],
        ['--tls-auth-clients', 'no', '--tls-replication', 'yes', '--tls-cluster', 'yes'],
      ].flat(),
  };
}
