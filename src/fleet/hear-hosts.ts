import type * as z from 'zod';
import type { Host } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import { judgePresence, type HostPresence, type ReaderTime } from '../core/host-presence.ts';
import type { FleetName, HostName } from '../core/names.ts';
import { hostFactsSchema, presenceSchema, type HostFacts } from '../core/presence.ts';
import { refusalSchema, type Refusal } from '../core/report.ts';
import type { Signed } from '../core/signed.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { readStatement, type StatementKind } from '../trust/host-statement.ts';
import { keysOf } from './host-keys.ts';

/** Whom to listen to. */
export type Audience = { readonly fleet: FleetName; readonly hosts: readonly Host[] };

/** Whether hosts are there, by what they have signed; one that has no recorded key has never been seen. */
export async function hearPresences(
  broker: Pick<ControllerBroker, 'presences' | 'serverTime'>,
  { fleet, hosts }: Audience,
  clock: Clock,
): Promise<ReadonlyMap<HostName, HostPresence>> {
  const joined = hosts.filter(({ key }) => key !== null);
  const stored = joined.length === 0 ? new Map() : await broker.presences(joined.map(({ name }) => name));
  const said = await hearEach(stored, { fleet, hosts }, { kind: 'presence', schema: presenceSchema });
  const time = said.size === 0 ? { now: clock.now(), brokerOffsetMs: 0 } : await readTimes(broker, clock);
  return new Map(hosts.map(({ name }) => [name, judgePresence(said.get(name), time)]));
}

/** What hosts last found out about themselves; shown with its age, so that what is old misleads nobody. */
export async function hearFacts(
  broker: Pick<ControllerBroker, 'facts'>,
  { fleet, hosts }: Audience,
): Promise<ReadonlyMap<HostName, HostFacts>> {
  const joined = hosts.filter(({ key }) => key !== null);
  const stored = joined.length === 0 ? new Map() : await broker.facts(joined.map(({ name }) => name));
  return await hearEach(stored, { fleet, hosts }, { kind: 'facts', schema: hostFactsSchema });
}

/** An order that a host refused. */
export type HeardRefusal = Refusal & { readonly host: HostName };

/** The newest by the hosts' clocks, newest first. */
export async function hearRefusals(
  broker: Pick<ControllerBroker, 'refusals'>,
  { fleet, hosts }: Audience,
  limit: number,
): Promise<readonly HeardRefusal[]> {
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const joined = hosts.filter(({ key }) => key !== null).map(({ name }) => name);
  const stored = await broker.refusals(joined, limit);
  const heard = await Promise.all(
    stored.map(async ({ from, ...signed }) => {
      const said = await hear(signed, { fleet, host: byName.get(from) }, REFUSALS);
      return said === null ? [] : [{ host: from, ...said }];
    }),
  );
  const newestFirst = heard.flat().toSorted((a, b) => b.at - a.at);
  // Whoever writes to Redis can repeat them.
  const once = new Map(newestFirst.map((refusal) => [JSON.stringify(refusal), refusal]));
  return [...once.values()].slice(0, limit);
}

async function readTimes(broker: Pick<ControllerBroker, 'serverTime'>, clock: Clock): Promise<ReaderTime> {
  const before = clock.now();
  const theirs = await broker.serverTime();
  const now = clock.now();
  return { now, brokerOffsetMs: theirs - (before + now) / 2 };
}

type Topic<Schema extends z.ZodType> = {
  readonly kind: StatementKind;
  readonly schema: Schema;
  /** When it was said; without, a key that was replaced counts for nothing: the host says it again with the new one. */
  readonly saidAt?: (said: z.output<Schema>) => number;
};

const REFUSALS: Topic<typeof refusalSchema> = { kind: 'refusal', schema: refusalSchema, saidAt: ({ at }) => at };

async function hearEach<Schema extends z.ZodType>(
  stored: ReadonlyMap<HostName, Signed>,
  { fleet, hosts }: Audience,
  topic: Topic<Schema>,
): Promise<ReadonlyMap<HostName, z.output<Schema>>> {
  const heard = new Map<HostName, z.output<Schema>>();
  await Promise.all(
    hosts.map(async (host) => {
      const said = await hear(stored.get(host.name), { fleet, host }, topic);
      if (said !== null) heard.set(host.name, said);
    }),
  );
  return heard;
}

async function hear<Schema extends z.ZodType>(
  signed: Signed | undefined,
  { fleet, host }: { readonly fleet: FleetName; readonly host: Host | undefined },
  { kind, schema, saidAt = () => Infinity }: Topic<Schema>,
): Promise<z.output<Schema> | null> {
  if (signed === undefined || host === undefined) return null;
  for (const { key, until } of keysOf(host)) {
    const said = await readStatement(kind, signed, { fleet, host: host.name, key, schema });
    if (said !== null) return until === null || saidAt(said) < until ? said : null;
  }
  return null;
}
