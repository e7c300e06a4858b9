import { once } from 'node:events';
import { Cluster } from 'ioredis';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { ConnectionError, messageOf } from '../core/errors.ts';
import { addressOf, FAIL_FAST_MS, makeClient, type Client } from './connection.ts';
import { connectionError } from './connection-error.ts';
import { disconnect } from './disconnect.ts';
import type { Link } from './link.ts';
import { keysFor } from './names.ts';

export type FailFastLink = Link &
  AsyncDisposable & {
    readonly client: Client;
    /** Like `ask`, for an operation that takes up to `waitMs` when all is well. */
    readonly askFor: <T>(waitMs: number, operation: (client: Client) => Promise<T>) => Promise<T>;
  };

/** Connects, or fails within seconds with the one reason. */
export async function openFailFastLink(settings: BrokerSettings): Promise<FailFastLink> {
  const address = addressOf(settings);
  const stop = new AbortController();
  const client = makeClient(settings, 'fail-fast', stop.signal);
  let lastError: unknown = null;
  client.on('error', (error: unknown) => {
    lastError = error;
  });
  const askFor = async <T>(waitMs: number, operation: (client: Client) => Promise<T>): Promise<T> => {
    try {
      return await withDeadline(operation(client), waitMs + FAIL_FAST_MS, settings);
    } catch (error) {
      throw connectionError(saysWhy(error) ? error : (lastError ?? error), address);
    }
  };
  try {
    await withDeadline(untilReady(client, address), FAIL_FAST_MS, settings);
  } catch (error) {
    stop.abort();
    client.disconnect();
    throw connectionError(error, address);
  }
  return {
    client,
    keys: keysFor(settings.environment),
    ask: (operation) => askFor(0, operation),
    askFor,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await disconnect(client);
    },
  };
}

/**
 * Rejects with the first error: when a person waits, a second attempt in vain only takes time. A cluster's client also
 * closes and tries again while the nodes have not agreed yet, which is no error.
 */
async function untilReady(client: Client, address: string): Promise<void> {
  if (client.status === 'ready') return;
  const done = new AbortController();
  const { signal } = done;
  const closed = client instanceof Cluster ? 'end' : 'close';
  try {
    await Promise.race([
      once(client, 'ready', { signal }),
      once(client, closed, { signal }).then(() => Promise.reject(closedError(address))),
    ]);
  } finally {
    done.abort();
  }
}

function closedError(address: string): ConnectionError {
  return new ConnectionError('BROKER_UNREACHABLE', `${address} closed the connection without an answer`, {
    hint: 'check host and port of broker.url; for Redis with TLS use rediss://',
  });
}

async function withDeadline<T>(work: Promise<T>, ms: number, settings: BrokerSettings): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silentError(settings, ms)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function silentError(settings: BrokerSettings, ms: number): ConnectionError {
  const seconds = Math.round(ms / 1000);
  return new ConnectionError(
    'BROKER_UNREACHABLE',
    `Redis at ${addressOf(settings)} did not answer within ${seconds} s`,
    {
      hint:
        settings.tls === null
          ? 'check broker.url and the firewalls between: nc -vz HOST PORT'
          : 'check broker.url and the firewalls between, and that Redis speaks TLS on that port (tls-port)',
    },
  );
}

/** The client's own words for "gave up" and "closed" hide why; its last error says it. */
function saysWhy(error: unknown): boolean {
  return !/max retries per request|Connection is closed|Failed to refresh/.test(messageOf(error));
}
