import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { formatNode, type BrokerNode, type BrokerSettings } from '../core/broker-settings.ts';

export type Client = Redis | Cluster;
/** Without the one option whose choice changes the type of the client. */
type NodeOptions = Omit<RedisOptions, 'replyMapping'>;

/**
 * `fail-fast` is for people who wait: a command that Redis does not take within some seconds is given up. `patient` is
 * for workers: commands wait in memory while Redis is away and are sent again when it is back.
 */
export type Patience = 'fail-fast' | 'patient';

/** How long those who wait are kept waiting for a connection or an answer. */
export const FAIL_FAST_MS = 3000;

/**
 * Makes a client that begins to connect at once. The caller listens to its errors and disconnects it. Once `stop` is
 * aborted it does not reconnect any more: what waits in it fails instead.
 */
export function makeClient(settings: BrokerSettings, patience: Patience, stop?: AbortSignal): Client {
  const { endpoint } = settings;
  if (endpoint.kind === 'cluster') {
    return new Cluster([...endpoint.nodes], {
      ...clusterOptions(retries(patience, stop)),
      redisOptions: redisOptions(settings, patience),
    });
  }
  return new Redis({
    ...redisOptions(settings, patience),
    retryStrategy: retries(patience, stop),
    ...whereabouts(settings),
  });
}

/** Where Redis is, for messages; never with the password. */
export function addressOf(settings: BrokerSettings): string {
  const { endpoint, tls, user } = settings;
  const who = user === null ? '' : `${user}@`;
  const scheme = tls === null ? 'redis' : 'rediss';
  const list = (nodes: readonly BrokerNode[]): string => nodes.map(formatNode).join(',');
  switch (endpoint.kind) {
    case 'tcp':
      return `${scheme}://${who}${formatNode(endpoint.node)}${settings.database === 0 ? '' : `/${settings.database}`}`;
    case 'socket':
      return `unix://${who}${endpoint.path}`;
    case 'sentinel':
      return `${scheme}://${who}${endpoint.master} by sentinels ${list(endpoint.nodes)}`;
    case 'cluster':
      return `${scheme}://${who}${list(endpoint.nodes)} (cluster)`;
  }
}

function whereabouts({ endpoint, tls }: BrokerSettings): NodeOptions {
  switch (endpoint.kind) {
    case 'tcp':
      return { host: endpoint.node.host, port: endpoint.node.port };
    case 'socket':
      return { path: endpoint.path };
    case 'sentinel':
      return {
        sentinels: endpoint.nodes.map((node) => ({ ...node })),
        name: endpoint.master,
        ...(tls === null ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(tls) }),
      };
    case 'cluster':
      return {};
  }
}

function redisOptions(settings: BrokerSettings, patience: Patience): NodeOptions {
  const { user, password, tls } = settings;
  return {
    ...(user === null ? {} : { username: user }),
    ...(password === null ? {} : { password: password.reveal() }),
    ...(tls === null ? {} : { tls: tlsOptions(tls) }),
    ...(settings.endpoint.kind === 'cluster' ? {} : { db: settings.database }),
    // A peer that is gone without a word is noticed by TCP after this and ten probes a second apart.
    keepAlive: 30_000,
    disableClientInfo: true,
    // After a failover the old master answers READONLY: 2 means reconnect and send the command again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...(patience === 'fail-fast'
      ? {
          connectTimeout: FAIL_FAST_MS,
          // A peer that does not even say goodbye is not waited for.
          disconnectTimeout: 100,
          // It would print a warning of its own for a user who may not run INFO; a Redis that is still reading its data
          // says so itself.
          enableReadyCheck: false,
          sentinelCommandTimeout: FAIL_FAST_MS,
          sentinelRetryStrategy: () => null,
          maxRetriesPerRequest: 8,
        }
      : { connectTimeout: 10_000, maxRetriesPerRequest: null }),
  };
}

function clusterOptions(clusterRetryStrategy: Retries): Omit<ClusterOptions, 'redisOptions'> {
  return {
    slotsRefreshTimeout: FAIL_FAST_MS,
    // Addresses of other nodes come from the cluster; certificates are checked against the names they go by.
    dnsLookup: (address, callback) => callback(null, address),
    clusterRetryStrategy,
  };
}

function tlsOptions(tls: { readonly ca: string | null }): { ca?: string } {
  return tls.ca === null ? {} : { ca: tls.ca };
}

/** Milliseconds until the next attempt, null for none. */
type Retries = (times: number) => number | null;

/** Patiently: up to two seconds, half of it chance, so that a whole fleet does not come back in one instant. */
function retries(patience: Patience, stop: AbortSignal | undefined): Retries {
  return (times) => {
    if (stop?.aborted === true) return null;
    return patience === 'fail-fast' ? 200 : reconnectDelay(times);
  };
}

function reconnectDelay(times: number): number {
  const ceiling = Math.min(2000, 50 * 2 ** Math.min(times, 6));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}
