import { readFileSync } from 'node:fs';
import { isAddress } from '../core/address.ts';
import type { BrokerNode, Listening } from '../core/broker-settings.ts';
import type { EmbeddedFiles } from '../core/embedded-files.ts';
import { controllerUserName } from '../core/host-user.ts';
import { Secret } from '../core/secret.ts';

/** Redis gives up root before it listens. */
const LOWEST_PORT = 1024;

/** Reads where the embedded Redis shall listen; a text that says what is wrong with it otherwise. */
export function parseListen(text: string): BrokerNode | string {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(colon + 1));
  if (!isAddress(host) || host.includes('%')) return 'expected a host name or an address before the port';
  if (isEveryAddress(host)) {
    return 'expected the name or the one address by which hosts reach this machine; with a name Redis listens at every address';
  }
  if (port >= LOWEST_PORT && port <= 65_535) return { host, port };
  return `expected a port from ${LOWEST_PORT} to 65535 after the colon; Redis does not run as root`;
}

function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || (host.includes(':') && /^[0:]+$/.test(host));
}

/** What celeroot made for the Redis that listens; without what is not made yet, or not ours to read. */
export function readListening(node: BrokerNode, files: EmbeddedFiles): Listening {
  return { node, ca: readIfOurs(files.authorityCertificate) };
}

/** The controller's login, which the Redis that listens asks for at its socket too. */
export function readControllerLogin(
  environment: string | null,
  files: EmbeddedFiles,
): { readonly user: string; readonly password: Secret | null } {
  const password = readIfOurs(files.password)?.trim();
  return {
    user: controllerUserName(environment),
    password: password === undefined ? null : new Secret(password),
  };
}

function readIfOurs(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
