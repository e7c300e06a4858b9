import { Cluster, type Redis } from 'ioredis';
import * as z from 'zod';
import type { BrokerNode, BrokerSettings } from '../core/broker-settings.ts';
import { ConnectionError, messageOf } from '../core/errors.ts';
import { hostOfUser, hostUserName, type HostUser } from '../core/host-user.ts';
import type { HostName } from '../core/names.ts';
import type { HostUserChanges } from './broker.ts';
import type { Client } from './connection.ts';
import { isReply } from './connection-error.ts';
import { openFailFastLink, type FailFastLink } from './fail-fast-link.ts';
import { canonicalAcl, hostAcl } from './host-acl.ts';
import { replies } from './link.ts';

/** A Redis of which users are known to nobody but itself, and how to speak to it. */
export type UserPlace = { readonly link: FailFastLink; readonly settings: BrokerSettings };

/** What it takes to keep users: Redis 6.2 knows no rights to read only, and none for some keys alone. */
const OLDEST_WITH_HOST_USERS = 7;

/** Which hosts have a user in this environment; in several Redis, those that any of them knows. */
export async function readHostUsers(place: UserPlace): Promise<readonly HostName[]> {
  const rules = await readRules(place);
  return [...new Set(rules.flatMap((known) => [...known.keys()]))].toSorted();
}

/** What to change, so that exactly the wanted users are there with exactly their rights and passwords. */
export async function compareHostUsers(place: UserPlace, wanted: readonly HostUser[]): Promise<HostUserChanges> {
  const rules = await readRules(place);
  const named = new Set(wanted.map(({ host }) => host));
  const known = new Set(rules.flatMap((users) => [...users.keys()]));
  const set = wanted.filter((user) => {
    const right = canonicalAcl(hostAcl(place.settings, user));
    return rules.some((users) => users.get(user.host) !== right);
  });
  return {
    add: set.filter(({ host }) => !known.has(host)),
    change: set.filter(({ host }) => known.has(host)),
    remove: [...known].filter((host) => !named.has(host)).toSorted(),
  };
}

/**
 * Makes the changes in every Redis there is, and ends the connections of users that were changed or removed: a password
 * that no longer holds keeps no door open. Returns what the operator should know, a line each.
 * @throws ConnectionError BROKER_UNFIT when Redis is too old, BROKER_REFUSED when our user may not keep users.
 */
export async function changeHostUsers(place: UserPlace, changes: HostUserChanges): Promise<readonly string[]> {
  const { settings } = place;
  const name = (host: HostName): string => hostUserName(settings.environment, host);
  const set = [...changes.add, ...changes.change].map(checked);
  if (set.length + changes.remove.length === 0) return [];
  const { result, unreached } = await onEachNode(place, async (node) => {
    await requireUsers(node);
    const pipeline = node.pipeline();
    for (const user of set) pipeline.call('ACL', 'SETUSER', name(user.host), 'reset', ...hostAcl(settings, user));
    if (changes.remove.length > 0) pipeline.call('ACL', 'DELUSER', ...changes.remove.map(name));
    for (const { host } of changes.change) pipeline.call('CLIENT', 'KILL', 'USER', name(host));
    replies(await pipeline.exec());
    return await saveUsers(node);
  });
  return [...unreached, ...new Set(result.flat())];
}

const userSchema = z.string().regex(/^(?:sha256:)?[0-9a-f]{64}$/);

function checked(user: HostUser): HostUser {
  return { ...user, passwordSha256: userSchema.parse(user.passwordSha256) };
}

type Rules = ReadonlyMap<HostName, string>;

async function readRules(place: UserPlace): Promise<readonly Rules[]> {
  const { environment } = place.settings;
  const { result } = await onEachNode(place, async (node) => {
    const lines = z.array(z.string()).parse(await node.call('ACL', 'LIST'));
    const users = lines.flatMap((line): [HostName, string][] => {
      const [, user = '', ...words] = line.split(' ');
      const host = hostOfUser(environment, user);
      return host === null ? [] : [[host, canonicalAcl(words)]];
    });
    return new Map(users);
  });
  return result;
}

type Everywhere<T> = { readonly result: readonly T[]; readonly unreached: readonly string[] };

/**
 * Users are not part of what Redis replicates: every node of a Cluster and every replica that a Sentinel may make the
 * master has its own.
 */
export async function onEachNode<T>(
  { link, settings }: UserPlace,
  work: (node: Redis) => Promise<T>,
): Promise<Everywhere<T>> {
  try {
    const result = await link.ask(async (client) => await Promise.all(nodesOf(client).map(work)));
    const replicas = settings.endpoint.kind === 'sentinel' ? await link.ask(replicasOf) : [];
    const others = await Promise.all(
      replicas.map((node) => onReplica({ ...settings, endpoint: { kind: 'tcp', node } }, work)),
    );
    return {
      result: [...result, ...others.flatMap((other) => other.result)],
      unreached: others.flatMap(({ unreached }) => unreached),
    };
  } catch (error) {
    throw explained(error, settings);
  }
}

function nodesOf(client: Client): readonly Redis[] {
  return client instanceof Cluster ? client.nodes('all') : [client];
}

async function replicasOf(client: Client): Promise<readonly BrokerNode[]> {
  const info = await client.info('replication');
  return [...info.matchAll(/^slave\d+:ip=([^,]+),port=(\d+),/gm)].map(([, host = '', port]) => ({
    host,
    port: Number(port),
  }));
}

/** What came of it, or why nothing did. */
async function onReplica<T>(
  settings: BrokerSettings,
  work: (node: Redis) => Promise<T>,
): Promise<{ readonly result: readonly T[]; readonly unreached: readonly string[] }> {
  try {
    await using link = await openFailFastLink(settings);
    return { result: await link.ask((client) => Promise.all(nodesOf(client).map(work))), unreached: [] };
  } catch (error) {
    const why = messageOf(error);
    const mend = 'run  celeroot broker acl --apply  when it is back';
    return { result: [], unreached: [`a replica that may become the master does not know its hosts: ${why}; ${mend}`] };
  }
}

/** @throws ConnectionError BROKER_UNFIT */
export async function requireUsers(node: Redis): Promise<void> {
  requireUsersIn(/^redis_version:(\S+)/m.exec(await node.info('server'))?.[1] ?? '');
}

/** @throws ConnectionError BROKER_UNFIT for a version of Redis that cannot keep users of hosts. */
export function requireUsersIn(version: string): void {
  if (Number(version.split('.')[0]) >= OLDEST_WITH_HOST_USERS) return;
  throw new ConnectionError('BROKER_UNFIT', `Redis ${version} cannot keep a host to its own keys`, {
    hint: 'one user per host needs Redis 7.0 or newer; Debian 12 has it: apt-get install redis-server',
  });
}

const LOST_AT_RESTART =
  'Redis keeps its users in no file and forgets them when it restarts; set  aclfile  in redis.conf, or put the lines of  celeroot broker acl  into redis.conf';

/** Writes the users down where Redis has a file for them; what there is to say otherwise. */
export async function saveUsers(node: Redis): Promise<readonly string[]> {
  try {
    await node.call('ACL', 'SAVE');
    return [];
  } catch (error) {
    if (!isReply(error)) throw error;
    const words = messageOf(error);
    if (words.includes('not configured to use an ACL file')) return [LOST_AT_RESTART];
    return [`Redis did not write its users down and forgets them when it restarts: ${words}`];
  }
}

function explained(error: unknown, { user }: BrokerSettings): unknown {
  const words = messageOf(error);
  if (!(error instanceof ConnectionError) || !/NOPERM|unknown command/i.test(words)) return error;
  return new ConnectionError(
    'BROKER_REFUSED',
    `the user ${user ?? 'default'} of Redis may not keep the users of hosts`,
    {
      hint: 'give it the rights that  celeroot broker acl  prints for it, or run  celeroot broker acl --apply  with CELEROOT_REDIS_USER and CELEROOT_REDIS_PASSWORD of an administrator',
      cause: error,
    },
  );
}
