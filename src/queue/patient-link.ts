import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { ConnectionError, type CelerootError } from '../core/errors.ts';
import { addressOf, FAIL_FAST_MS, makeClient, type Client } from './connection.ts';
import { connectionError, isPassing, isUnknownLogin } from './connection-error.ts';
import { disconnect } from './disconnect.ts';
import type { Link, Log } from './link.ts';
import { keysFor } from './names.ts';

/** What ends the waiting, and what does not. */
export type Waiting = { readonly signal?: AbortSignal | undefined; readonly awaitsLogin?: boolean };

export type PatientLink = Link &
  AsyncDisposable & {
    readonly client: Client;
    /**
     * Rejects when Redis is there and refuses us, or when `signal` is aborted; waits otherwise. With `awaitsLogin` it
     * waits too while Redis does not know the user and password.
     */
    readonly untilReady: (waiting?: Waiting) => Promise<void>;
  };

/**
 * Connects as soon as Redis is there. Afterwards every operation waits out whatever passes: Redis away, restarting, full,
 * failing over, or not knowing our password for a while. Disposing ends the waiting.
 */
export function openPatientLink(settings: BrokerSettings, log: Log): PatientLink {
  const address = addressOf(settings);
  const closing = new AbortController();
  const client = makeClient(settings, 'patient', closing.signal);
  const outages = logOutages(client, address, log);
  const ask = async <T>(operation: (client: Client) => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      if (closing.signal.aborted) throw closedError(address);
      try {
        return await unlessAborted(operation(client), closing.signal);
      } catch (error) {
        if (closing.signal.aborted) throw closedError(address);
        if (!isPassing(error)) throw connectionError(error, address);
        if (attempt === 0) log(`${connectionError(error, address).message}; trying until it works`);
        await sleep(Math.min(30_000, 500 * 2 ** Math.min(attempt, 6)), undefined, { signal: closing.signal }).catch(
          () => null,
        );
      }
    }
  };
  return {
    client,
    keys: keysFor(settings.environment),
    ask,
    untilReady: ({ signal, awaitsLogin = false } = {}) =>
      untilReady(client, signal, refusals({ address, awaitsLogin, log })),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      outages[Symbol.dispose]();
      await disconnect(client);
    },
  };
}

async function untilReady(client: Client, signal: AbortSignal | undefined, judge: Judge): Promise<void> {
  if (client.status === 'ready') return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (error: unknown): void => {
    const refusal = judge.refusal(error);
    if (refusal !== null) reject(refusal);
  };
  const abort = (): void => reject(judge.closed);
  client.once('ready', resolve);
  client.on('error', refuse);
  signal?.addEventListener('abort', abort);
  try {
    if (signal?.aborted === true) abort();
    await promise;
  } finally {
    client.off('ready', resolve);
    client.off('error', refuse);
    signal?.removeEventListener('abort', abort);
  }
}

type Judge = { readonly refusal: (error: unknown) => CelerootError | null; readonly closed: CelerootError };

/** A host that has just joined is there before Redis knows it: that is said once, and waited for. */
function refusals({ address, awaitsLogin, log }: { address: string; awaitsLogin: boolean; log: Log }): Judge {
  let told = false;
  return {
    closed: closedError(address),
    refusal: (error) => {
      const known = connectionError(error, address);
      if (known.code === 'BROKER_UNREACHABLE') return null;
      if (!awaitsLogin || !isUnknownLogin(error)) return known;
      if (!told)
        log(`Redis at ${address} does not let this host in (yet); waiting until it is accepted: celeroot hosts accept`);
      told = true;
      return null;
    },
  };
}

/** A refusal before the first connection is no outage: `untilReady` ends with it. */
function logOutages(client: Client, address: string, log: Log): Disposable {
  let away = false;
  let wasReady = false;
  const tell = (what: string): void => {
    if (!away) log(`${what}; waiting for it`);
    away = true;
  };
  const silence = setTimeout(() => tell(`Redis at ${address} has not answered yet`), FAIL_FAST_MS);
  client.on('error', (error: unknown) => {
    const { code, message } = connectionError(error, address);
    if (wasReady || code === 'BROKER_UNREACHABLE') tell(message);
  });
  client.on('ready', () => {
    clearTimeout(silence);
    if (away) log(`connected to ${address}${wasReady ? ' again' : ''}`);
    away = false;
    wasReady = true;
  });
  return { [Symbol.dispose]: () => clearTimeout(silence) };
}

/** The client does not always fail what waits in it when it is closed. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function closedError(address: string): ConnectionError {
  return new ConnectionError('BROKER_UNREACHABLE', `the connection to ${address} was closed`, {
    hint: 'start the worker again',
  });
}
