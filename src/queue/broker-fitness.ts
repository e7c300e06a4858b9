import { isInClear, type BrokerSettings } from '../core/broker-settings.ts';

/** What a Redis says of itself; null where it does not let us see. */
export type BrokerFacts = {
  readonly version: string | null;
  /** Whether the user may not run INFO, from which most of this is. */
  readonly infoDenied: boolean;
  /** `standalone`, `sentinel` or `cluster`. */
  readonly mode: string | null;
  /** Set when it is a replica. */
  readonly master: { readonly host: string; readonly port: string } | null;
  readonly maxmemoryPolicy: string | null;
  readonly appendOnly: boolean | null;
  readonly appendFsync: string | null;
  /** The `save` setting; empty when no snapshots are made. */
  readonly savePoints: string | null;
};

export type Finding = {
  /** `unfit`: celeroot would lose work there and does not start. `warning`: said, not refused. */
  readonly severity: 'unfit' | 'warning';
  readonly message: string;
  /** The command or setting that mends it. */
  readonly mend: string;
};

/** What is wrong with a Redis as a broker. `redisCli` is how to reach it by hand, e.g. `redis-cli -p 6380`. */
export function judgeBroker(facts: BrokerFacts, redisCli: string, expectCluster: boolean): readonly Finding[] {
  if (facts.mode === 'sentinel') {
    return [unfit('this is a Sentinel, not the Redis it watches', 'name it under broker.sentinel.nodes')];
  }
  if (facts.version === null && !facts.infoDenied) {
    return [unfit('what answers says no version of itself, so it is not Redis', 'check host and port of broker.url')];
  }
  return [
    ...judgeVersion(facts.version),
    ...judgeMode(facts.mode, expectCluster),
    ...judgeRole(facts.master, redisCli),
    ...judgeEviction(facts.maxmemoryPolicy, redisCli),
    ...judgePersistence(facts, redisCli),
  ];
}

/** What is wrong with the way to a Redis. */
export function judgeWay(settings: Pick<BrokerSettings, 'endpoint' | 'tls'>): readonly Finding[] {
  if (!isInClear(settings)) return [];
  return [
    warning(
      'there is no TLS: who listens on the network reads all that passes, and the passwords; with the controller’s he may make himself any user',
      'give Redis a tls-port, and write rediss:// or tls: true under broker: (celeroot config explain broker)',
    ),
  ];
}

/** Streams, sets and commands that we and BullMQ use are complete from here on. */
const OLDEST = [6, 2] as const;

function judgeVersion(version: string | null): readonly Finding[] {
  if (version === null) return [unseen('its version', 'INFO')];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return [];
  return [
    unfit(
      `Redis ${version} is older than ${OLDEST.join('.')}`,
      'install a newer one; Debian 12 has 7.0: apt-get install redis-server',
    ),
  ];
}

function judgeMode(mode: string | null, expectCluster: boolean): readonly Finding[] {
  if (mode === 'cluster' && !expectCluster) {
    return [
      unfit(
        'this is one node of a Redis Cluster',
        'name some of its nodes under broker.cluster.nodes instead of broker.url',
      ),
    ];
  }
  if (mode === 'standalone' && expectCluster) {
    return [unfit('this is a single Redis, not a Cluster', 'use broker.url instead of broker.cluster')];
  }
  return [];
}

function judgeRole(master: BrokerFacts['master'], redisCli: string): readonly Finding[] {
  if (master === null) return [];
  return [
    unfit(
      `this is a read-only replica of ${master.host}:${master.port}`,
      `set broker.url to redis://${master.host}:${master.port}, or promote it: ${redisCli} REPLICAOF NO ONE`,
    ),
  ];
}

function judgeEviction(policy: string | null, redisCli: string): readonly Finding[] {
  if (policy === null) return [unseen('maxmemory-policy', 'INFO')];
  if (policy === 'noeviction') return [];
  return [
    unfit(
      `maxmemory-policy is ${policy}: Redis would throw away orders and reports when memory is short`,
      setting(redisCli, 'maxmemory-policy noeviction'),
    ),
  ];
}

function judgePersistence(facts: BrokerFacts, redisCli: string): readonly Finding[] {
  const mend = setting(redisCli, 'appendonly yes');
  if (facts.appendOnly === null) return [unseen('whether Redis writes to disk', 'INFO')];
  if (facts.appendOnly) {
    if (facts.appendFsync !== 'no') return [];
    return [
      warning(
        'appendfsync is no: a crash of that machine loses the last half minute',
        setting(redisCli, 'appendfsync everysec'),
      ),
    ];
  }
  if (facts.savePoints === '') {
    return [unfit('Redis keeps nothing on disk: a restart would lose every run, order and report', mend)];
  }
  if (facts.savePoints === null) {
    return [warning('appendonly is no, and its snapshots are not for this user to see: a crash may lose runs', mend)];
  }
  return [
    warning(`appendonly is no: a crash loses what came after the last snapshot (save ${facts.savePoints})`, mend),
  ];
}

function setting(redisCli: string, change: string): string {
  return `${redisCli} CONFIG SET ${change} && ${redisCli} CONFIG REWRITE`;
}

function unseen(what: string, command: string): Finding {
  return warning(`cannot see ${what}: the user may not run ${command}`, `ACL SETUSER NAME +${command.toLowerCase()}`);
}

function unfit(message: string, mend: string): Finding {
  return { severity: 'unfit', message, mend };
}

function warning(message: string, mend: string): Finding {
  return { severity: 'warning', message, mend };
}
