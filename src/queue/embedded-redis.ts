import { isIP } from 'node:net';
import { type BrokerNode, formatNode } from '../core/broker-settings.ts';

/** Who redis-server runs as when we are root. */
export type RedisUser = { readonly uid: number; readonly gid: number };

/** nobody's, by Debian's policy (section 9.2.2). */
const NOBODY: RedisUser = { uid: 65_534, gid: 65_534 };

/** The user `redis` of Debian's package, or nobody where it is not there. */
export function findRedisUser(passwd: string): RedisUser {
  const fields = passwd
    .split('\n')
    .find((line) => line.startsWith('redis:'))
    ?.split(':');
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 ? { uid, gid } : NOBODY;
}

/**
 * Settings of the embedded Redis; paths are relative to its folder. `appendfsync always`, because an order or a result
 * that was acknowledged must survive a power cut and a fleet of this size writes little: queuing 10,000 orders took
 * 1.8 s with it and 1.3 s with `everysec`, as Redis writes once for all commands that wait.
 */
export function embeddedRedisArguments(): readonly string[] {
  return [
    ['--port', '0'],
    ['--unixsocket', 'redis.sock', '--unixsocketperm', '700'],
    ['--dir', '.', '--pidfile', 'redis.pid'],
    ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
    ['--maxmemory-policy', 'noeviction'],
    ['--databases', '1'],
  ].flat();
}

/**
 * What is added for hosts elsewhere: TLS and no plain port, and users from a file, of which `default` is none. A name
 * says nothing of the address that this machine has, behind a NAT or by Debian's 127.0.1.1: with one, Redis listens at
 * every address.
 */
export function listeningArguments({ host, port }: BrokerNode): readonly string[] {
  return [
    ['--tls-port', String(port), '--bind', ...(isIP(host) === 0 ? ['*', '-::*'] : [host])],
    ['--tls-cert-file', CERTIFICATE, '--tls-key-file', CERTIFICATE],
    ['--tls-auth-clients', 'no', '--tls-protocols', 'TLSv1.3'],
    ['--aclfile', 'users.acl'],
  ].flat();
}

/** The certificate and its key, in one file so that they change together. */
const CERTIFICATE = 'server.pem';

/** As words of CONFIG SET. */
export function tlsFiles(): readonly string[] {
  return ['tls-cert-file', CERTIFICATE, 'tls-key-file', CERTIFICATE];
}

/** Why a Redis did not listen, from what it logged, and what helps; null for other reasons. */
export function whyNotListening(log: string, node: BrokerNode): { readonly why: string; readonly hint: string } | null {
  const at = formatNode(node);
  if (log.includes('Address already in use')) {
    return {
      why: `another program listens at port ${node.port}`,
      hint: `see which:  ss -ltnp 'sport = :${node.port}' ; or choose another port under broker.listen`,
    };
  }
  if (!log.includes('Cannot assign requested address')) return null;
  return {
    why: `${at} is no address of this machine`,
    hint: 'for one behind a NAT write its name under broker.listen: Redis then listens at every address',
  };
}
