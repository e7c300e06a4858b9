import type { BrokerSettings } from '../core/broker-settings.ts';
import type { HostUser } from '../core/host-user.ts';
import { queueNameOf } from '../core/run.ts';
import { prefixFor } from './names.ts';

/** What of the settings makes a difference to what a host's user may do. */
export type AclScope = Pick<BrokerSettings, 'environment' | 'database' | 'endpoint'>;

/**
 * All that our worker and the scripts of BullMQ 6.7 that it runs do with a queue; test/redis/host-user.test.ts runs
 * them. Each command is named, because categories bring what nobody meant: `+@connection` has CLIENT TRACKING, which
 * tells the names of all keys, and `+@read` has SORT, SCAN and KEYS. Redis checks keys and commands inside of scripts
 * too.
 */
const QUEUE_COMMANDS = [
  ['eval', 'evalsha', 'multi', 'exec'],
  ['del', 'exists', 'pexpire', 'pttl', 'unlink'],
  ['get', 'incr', 'set'],
  ['hdel', 'hexists', 'hget', 'hgetall', 'hincrby', 'hmget', 'hmset', 'hset'],
  ['llen', 'lpush', 'lrange', 'lrem', 'ltrim', 'rpoplpush', 'rpush'],
  ['sadd', 'scard', 'smembers', 'srem'],
  ['bzpopmin', 'zadd', 'zcard', 'zpopmin', 'zrange', 'zrangebyscore', 'zrem', 'zremrangebyrank', 'zremrangebyscore'],
  ['zrevrange', 'zrevrangebyscore', 'zscore'],
  ['xadd', 'xtrim'],
].flat();

/** Without keys: the connection itself, and whether Redis is fit as a broker. */
const COMMON_COMMANDS = ['info', 'ping', 'time'];

/** How a Cluster's client finds its nodes. */
const CLUSTER_COMMANDS = ['cluster|info', 'cluster|slots'];

/** Keys, and the commands that are allowed on them and on nothing else. */
type Grant = { readonly keys: readonly string[]; readonly commands: readonly string[] };

/**
 * The rules of one host's user, as words of `ACL SETUSER NAME …` and of a line of an aclfile: its queues first, then in
 * brackets what else it may, each with the least that works. Names cannot hold characters that a pattern would read
 * as more than themselves. Brackets and `%R~` came with Redis 7.0.
 */
export function hostAcl(scope: AclScope, { host, queues, passwordSha256 }: HostUser): readonly string[] {
  const p = prefixFor(scope.environment);
  const own = [queueNameOf({ kind: 'host', host }), ...queues.map((queue) => queueNameOf({ kind: 'any', queue }))];
  const main: Grant = {
    keys: [...new Set(own)].map((name) => `~${p}:${name}:*`),
    commands: [...QUEUE_COMMANDS, ...COMMON_COMMANDS, ...connectionCommands(scope)],
  };
  const others: readonly Grant[] = [
    { keys: [`~${p}:presence:${host}`, `~${p}:facts:${host}`], commands: ['set', 'pexpire'] },
    { keys: [`~${p}:refusals:${host}`, `~${p}:run:*:reports:${host}`], commands: ['xadd', 'pexpire'] },
    { keys: [`%R~${p}:trust`], commands: ['hget'] },
    { keys: [`%R~${p}:run:*:cancel`], commands: ['get'] },
  ];
  return [
    'on',
    `#${passwordSha256.replace(/^sha256:/, '')}`,
    'resetchannels',
    ...wordsOf(main),
    ...others.map((grant) => `(${wordsOf(grant).join(' ')})`),
  ];
}

/**
 * The rules of the user by which a machine joins with a token: it may write what it offers, of which SET also tells the
 * first one, and read what is replied to that.
 */
export function guestAcl(scope: AclScope, id: string, passwordSha256: string): readonly string[] {
  const key = `${prefixFor(scope.environment)}:join:${id}`;
  const grants: readonly Grant[] = [
    { keys: [`~${key}:offer`], commands: ['set'] },
    { keys: [`%R~${key}:reply`], commands: ['get'] },
  ];
  return [
    'on',
    `#${passwordSha256}`,
    'resetchannels',
    ...wordsOf({ keys: [], commands: ['ping', ...connectionCommands(scope)] }),
    ...grants.map((grant) => `(${wordsOf(grant).join(' ')})`),
  ];
}

/** Only the one database of the configuration: the same key names mean another fleet in another. */
function connectionCommands({ database, endpoint }: AclScope): readonly string[] {
  if (endpoint.kind === 'cluster') return CLUSTER_COMMANDS;
  return database === 0 ? [] : [`select|${database}`];
}

function wordsOf({ keys, commands }: Grant): readonly string[] {
  return [...keys, '-@all', ...commands.map((command) => `+${command}`)];
}

/**
 * The rights the controller needs, to be put behind its password. Whoever may set users may give himself everything:
 * leave the `acl` ones away where an administrator runs `celeroot broker acl --apply` with a user of his own. `scan`, by
 * which the queue of a host that retires is found, tells the names of all keys.
 */
export function controllerRights(environment: string | null): readonly string[] {
  return [
    'resetchannels',
    `~${prefixFor(environment)}:*`,
    '+@all',
    ...['@dangerous', '@pubsub', 'script', 'function', 'fcall', 'randomkey'].map((word) => `-${word}`),
    ...['info', 'config|get', 'client|kill'].map((word) => `+${word}`),
    ...['list', 'setuser', 'deluser', 'save'].map((word) => `+acl|${word}`),
  ];
}

/** What ACL LIST adds, or says in another order, without a difference. */
const NOISE: ReadonlySet<string> = new Set(['sanitize-payload', 'resetchannels', '-@all']);

/** One text for all ways to write the same rules, so that what Redis lists can be compared with what it should. */
export function canonicalAcl(words: readonly string[]): string {
  const text = words.join(' ');
  const brackets = [...text.matchAll(/\(([^)]*)\)/g)].map(([, inner = '']) => sortedWords(inner));
  return [sortedWords(text.replaceAll(/\([^)]*\)/g, '')), ...brackets.toSorted()].join(' | ');
}

function sortedWords(text: string): string {
  const words = text.split(/\s+/).filter((word) => word !== '' && !NOISE.has(word));
  return [...new Set(words)].toSorted().join(' ');
}
