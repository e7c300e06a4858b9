import type { BrokerSettings } from '../core/broker-settings.ts';

export type BrokerUrl = {
  readonly endpoint: BrokerSettings['endpoint'];
  readonly tls: boolean;
  readonly database: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
};

/**
 * Reads `redis://`, `rediss://` and `unix://` addresses. A text that is none gives the complaint instead, in which
 * nothing of the text is quoted: it may hold a password.
 */
export function parseBrokerUrl(text: string): BrokerUrl | string {
  if (text.startsWith('unix://')) return parseSocket(text);
  if (!/^rediss?:\/\//.test(text)) return 'expected redis://host:port, rediss://host:port or unix:///path';
  const url = URL.parse(text);
  if (url === null || url.hostname === '') {
    return 'expected redis://host:port/database; in a user or password write @ / : # ? % as %40 %2F %3A %23 %3F %25';
  }
  return complaintAbout(url) ?? parsedUrl(url);
}

function complaintAbout(url: URL): string | null {
  if (url.search !== '' || url.hash !== '') return 'expected nothing after the number of the database';
  if (!/^\/?\d{0,5}$/.test(url.pathname)) return 'expected the number of a database after the slash';
  if (url.port === '0') return 'expected a port from 1 to 65535';
  const login = [decoded(url.username), decoded(url.password)];
  return login.includes(null) ? 'a percent sign in the user or password is written %25' : null;
}

function parsedUrl(url: URL): BrokerUrl {
  return {
    endpoint: { kind: 'tcp', node: { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || 6379) } },
    tls: url.protocol === 'rediss:',
    database: Number(url.pathname.slice(1)),
    user: decoded(url.username) || undefined,
    password: decoded(url.password) || undefined,
  };
}

function parseSocket(text: string): BrokerUrl | string {
  const path = text.slice('unix://'.length);
  if (!path.startsWith('/')) return 'expected three slashes and an absolute path: unix:///run/redis.sock';
  // sockaddr_un.sun_path holds 108 bytes with the final NUL, see unix(7).
  if (Buffer.byteLength(path) > 107) return 'expected a path of at most 107 bytes, the limit of unix sockets';
  return { endpoint: { kind: 'socket', path }, tls: false, database: 0, user: undefined, password: undefined };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
