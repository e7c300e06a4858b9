import { Cluster, type Redis } from 'ioredis';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { ConnectionError } from '../core/errors.ts';
import { judgeBroker, type BrokerFacts, type Finding } from './broker-fitness.ts';
import { addressOf, type Client } from './connection.ts';
import { isReply } from './connection-error.ts';
import type { Log } from './link.ts';

/**
 * Refuses a Redis that would lose work; says what else is wrong line by line to `log`. Every master of a cluster is
 * looked at, in one round trip.
 * @throws ConnectionError BROKER_UNFIT with the commands that mend it.
 */
export async function checkBroker(client: Client, settings: BrokerSettings, log: Log): Promise<void> {
  const findings = await examineBroker(client, settings);
  for (const { severity, message, mend } of findings) {
    if (severity === 'warning') log(`warning: Redis at ${addressOf(settings)}: ${message} (${mend})`);
  }
  const unfit = findings.filter(({ severity }) => severity === 'unfit');
  if (unfit.length === 0) return;
  throw new ConnectionError(
    'BROKER_UNFIT',
    `Redis at ${addressOf(settings)} is not fit: ${unfit.map(({ message }) => message).join('; ')}`,
    { hint: unfit.map(({ mend }) => mend).join('\n'), details: { findings } },
  );
}

/** The same, as data. */
export async function examineBroker(client: Client, settings: BrokerSettings): Promise<readonly Finding[]> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  const judged = await Promise.all(
    nodes.map(async (node) =>
      judgeBroker(await gatherFacts(node), redisCliFor(node, settings), settings.endpoint.kind === 'cluster'),
    ),
  );
  const seen = new Map(judged.flat().map((finding) => [finding.message, finding]));
  return [...seen.values()];
}

async function gatherFacts(node: Redis): Promise<BrokerFacts> {
  const [text, save, fsync] = await Promise.all([
    unlessDenied(node.info()),
    unlessDenied(node.config('GET', 'save')),
    unlessDenied(node.config('GET', 'appendfsync')),
  ]);
  const info = parseInfo(text ?? '');
  const appendOnly = info.get('aof_enabled');
  return {
    version: info.get('valkey_version') ?? info.get('redis_version') ?? null,
    infoDenied: text === null,
    mode: info.get('redis_mode') ?? null,
    master:
      info.get('role') === 'slave'
        ? { host: info.get('master_host') ?? '?', port: info.get('master_port') ?? '?' }
        : null,
    maxmemoryPolicy: info.get('maxmemory_policy') ?? null,
    appendOnly: appendOnly === undefined ? null : appendOnly === '1',
    appendFsync: valueOf(fsync),
    savePoints: valueOf(save),
  };
}

/** Null when the user may not ask: an ACL, or a provider that has taken the command away. */
async function unlessDenied<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isReply(error)) return null;
    throw error;
  }
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
  });
  return new Map(pairs);
}

/** CONFIG GET answers with name and value in turn, or with a map, depending on the protocol. */
function valueOf(answer: unknown): string | null {
  if (!Array.isArray(answer)) return null;
  const value: unknown = answer[1];
  return typeof value === 'string' ? value : null;
}

function redisCliFor(node: Redis, settings: BrokerSettings): string {
  const { host, port, path } = node.options;
  const where = path === undefined ? ['-h', host ?? 'HOST', '-p', String(port ?? 6379)] : ['-s', path];
  return [
    'redis-cli',
    ...(settings.endpoint.kind === 'sentinel' ? ['-h', 'MASTER'] : where),
    ...(settings.tls === null ? [] : ['--tls']),
    ...(settings.user === null ? [] : ['--user', settings.user]),
    ...(settings.password === null ? [] : ['--askpass']),
  ].join(' ');
}
