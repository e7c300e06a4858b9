import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fleetNameSchema, hostNameSchema, type HostName } from '../src/core/names.ts';
import { writeKeys } from '../src/fleet/write-keys.ts';
import { openWorkerBroker } from '../src/queue/open.ts';
import { signStatement } from '../src/trust/host-statement.ts';
import { makeSigningKey, type SigningKey } from '../src/trust/key.ts';
import { settingsFor, type TestRedis } from '../test/support/redis.ts';

const fleet = fleetNameSchema.parse('bench');

/** A fleet on disk. */
export type BenchFleet = {
  readonly configFile: string;
  readonly hosts: readonly HostName[];
  readonly settings: TestRedis['settings'];
  /** By which all of its hosts sign; a worker that is started for one needs it as `host.key`. */
  readonly hostKey: SigningKey;
};

/** Writes a celeroot.yaml with so many hosts of one role, and its signing key. All of them share one environment. */
export async function writeFleet(folder: string, redis: TestRedis, hosts: number): Promise<BenchFleet> {
  const name = `fleet-${randomBytes(4).toString('hex')}`;
  const settings = { ...settingsFor(redis.settings.endpoint), environment: null };
  const keys = join(folder, name);
  await mkdir(keys);
  const root = await writeKeys(keys, fleet);
  const names = Array.from({ length: hosts }, (_, index) => hostNameSchema.parse(`web${index + 1}`));
  const hostKey = makeSigningKey();
  const configFile = join(folder, `${name}.yaml`);
  const lines = [
    'version: 1',
    'fleet: bench',
    `signing_key: ${keys}/celeroot.key`,
    `trust_file: ${keys}/celeroot.trust`,
    `roots: ["${root}"]`,
    `broker: { url: "redis://127.0.0.1:${redis.port}" }`,
    'roles: { web: { description: every host of the bench } }',
    'hosts:',
    ...names.map((name) => `  ${name}: { roles: [web], key: "${hostKey.id}" }`),
  ];
  await writeFile(configFile, `${lines.join('\n')}\n`);
  return { configFile, hosts: names, settings, hostKey };
}

/** Makes Redis know as much of each host as if its worker ran. */
export async function pretendOnline({ settings, hosts, hostKey }: BenchFleet): Promise<void> {
  await using broker = await openWorkerBroker(settings);
  const at = Date.now();
  const presence = {
    version: '0.1.0',
    startedAt: at,
    seenAt: at,
    clockOffsetMs: 0,
    trust: 1,
    queues: ['host', 'role.web'],
    machine: '',
    leaving: false,
  };
  const facts = {
    os: 'Debian GNU/Linux 12 (bookworm)',
    osId: 'debian',
    osVersion: '12',
    arch: 'amd64',
    kernel: '6.1.0-28-amd64',
    packages: 612,
    upgrades: { total: 14, security: 3 },
    rebootRequired: false,
    broken: 0,
    gatheredAt: at,
    outdated: false,
  };
  const told = hosts.map(async (host) => {
    await broker.announce(host, signStatement('presence', { fleet, host, said: presence }, hostKey));
    await broker.saveFacts(host, signStatement('facts', { fleet, host, said: facts }, hostKey));
  });
  await Promise.all(told);
}
