import { basename, dirname, resolve } from 'node:path';
import type { BrokerSettings } from '../core/broker-settings.ts';
import { BugError, UsageError } from '../core/errors.ts';
import { requireHost } from '../core/host-selector.ts';
import {
  type HostName,
  hostNameSchema,
  queueNameSchema,
  type RoleName,
  roleNameSchema,
  scheduleNameSchema,
} from '../core/names.ts';
import { type Checked, checkFleetFile, checkWorkerFile } from './check-file.ts';
import { type ConfigProblem, type Finding, formatPath, invalidConfig } from './config-problem.ts';
import type { FleetConfig, Host, Role, WorkerConfig } from './fleet-config.ts';
import { type Environment, readBroker } from './read-broker.ts';
import { maxUnavailableOf, rolloutRules } from './read-rollout.ts';
import { calendarOf } from './read-calendar.ts';
import { scheduleOf } from './read-schedule.ts';
import type { ConfigSource } from './read-source.ts';
import { brokerSchema, type FleetFile, type WorkerFile } from './schema.ts';
import { isRecord } from './is-record.ts';
import { parsePreviousKey } from './previous-key.ts';
import { namesInOrder, parseYaml, type YamlDocument } from './yaml-document.ts';

/** @throws ConfigError CONFIG_INVALID with every problem of the text. */
export function parseFleet(source: ConfigSource, env: Environment): FleetConfig {
  const reading = parseYaml(source.text);
  const { file, broker } = check(source, { reading, env, checkFile: checkFleetFile });
  return fleetConfig(source, { reading, file, broker });
}

/**
 * Parses a worker file, or the fleet's YAML seen by one of its hosts: a worker file says `host:`.
 * @throws ConfigError CONFIG_INVALID with every problem of the text; UsageError when the host is not named,
 * RejectedError UNKNOWN_HOST when it is not in the file.
 */
export function parseWorker(source: ConfigSource, host: string | null, env: Environment): WorkerConfig {
  const reading = parseYaml(source.text);
  if (isRecord(reading.value) && typeof reading.value['host'] === 'string') {
    const { file, broker } = check(source, { reading, env, checkFile: checkWorkerFile });
    return workerFromOwnFile(source, { file, broker, host });
  }
  const { file, broker } = check(source, { reading, env, checkFile: checkFleetFile });
  return workerFromFleet(fleetConfig(source, { reading, file, broker }), host);
}

type Work<File> = {
  readonly reading: YamlDocument;
  readonly env: Environment;
  readonly checkFile: (value: unknown) => Checked<File>;
};

/** Collects what is wrong as YAML, with the schema, and with the broker, so that one run shows it all. */
function check<File>(
  source: ConfigSource,
  { reading, env, checkFile }: Work<File>,
): { file: File; broker: BrokerSettings } {
  const checked = reading.isTree ? checkFile(reading.value) : { file: null, findings: [] };
  const broker = brokerOf(reading.value, { folder: dirname(resolve(source.file)), env });
  const findings = [...checked.findings, ...broker.findings];
  if (checked.file !== null && broker.settings !== null && findings.length + reading.problems.length === 0) {
    return { file: checked.file, broker: broker.settings };
  }
  throw invalidConfig(source.file, located(findings, reading));
}

/** The library's own complaint about a value is the cause of what the schema says of it. */
function located(findings: readonly Finding[], reading: YamlDocument): ConfigProblem[] {
  const causes = new Set(reading.problems.map((problem) => problem.path));
  const { locate } = reading;
  return [...reading.problems, ...findings.filter((each) => !causes.has(formatPath(each.path))).map(locate)];
}

/** Only a section that fits its schema by itself is looked at; what else is wrong with it, the schema has said. */
function brokerOf(value: unknown, around: { folder: string; env: Environment }): ReturnType<typeof readBroker> {
  const section = isRecord(value) ? brokerSchema.safeParse(value['broker']) : null;
  return section?.success === true ? readBroker(section.data, around) : { settings: null, findings: [] };
}

type FleetParts = { readonly reading: YamlDocument; readonly file: FleetFile; readonly broker: BrokerSettings };

function fleetConfig(source: ConfigSource, { reading, file, broker }: FleetParts): FleetConfig {
  const path = resolve(source.file);
  const hosts = new Map<HostName, Host>();
  for (const [each, section] of asWritten(file.hosts, namesInOrder(reading, 'hosts'))) {
    const name = hostNameSchema.parse(each);
    const { address = name, roles, description = null, key = null, machine = null } = section;
    const { broker_password: brokerPassword = null, outgoing_key: outgoingKey = null } = section;
    const previousKeys = section.previous_keys.flatMap((text) => parsePreviousKey(text) ?? []);
    const keys = { key, outgoingKey, previousKeys };
    const { labels = {}, renamed_from: renamedFrom = null } = section;
    const recorded = { ...keys, brokerPassword, renamedFrom, machine };
    hosts.set(name, Object.freeze({ name, address, roles, description, ...recorded, labels }));
  }
  return Object.freeze({
    file: path,
    fleet: file.fleet,
    roots: file.roots,
    trustFile: resolve(dirname(path), file.trust_file),
    signingKeyFile: resolve(dirname(path), file.signing_key),
    schedulerKeyFile: file.scheduler_key === undefined ? null : resolve(dirname(path), file.scheduler_key),
    standingOrdersFile: resolve(dirname(path), file.standing_orders),
    rootKeyFile: resolve(dirname(path), file.root_key),
    journalFile: resolve(dirname(path), file.journal),
    broker,
    roles: rolesOf(asWritten(file.roles, namesInOrder(reading, 'roles'))),
    hosts,
    rollouts: new Map(Object.entries(file.rollouts).map(([name, section]) => [name, rolloutRules(section)])),
    calendars: new Map(
      asWritten(file.calendars, namesInOrder(reading, 'calendars')).map(([name, section]) => {
        const calendar = calendarOf(scheduleNameSchema.parse(name), section, dirname(path));
        return [calendar.name, calendar];
      }),
    ),
    schedules: new Map(
      asWritten(file.schedules, namesInOrder(reading, 'schedules')).map(([name, section]) => {
        const schedule = scheduleOf(scheduleNameSchema.parse(name), section);
        return [schedule.name, schedule];
      }),
    ),
  });
}

/** The entries of a section in the order of the file; those of an alias or `<<` come after. */
function asWritten<T>(section: Readonly<Record<string, T>>, names: readonly string[]): [string, T][] {
  const places = new Map(names.map((name, index) => [name, index]));
  const placeOf = (name: string): number => places.get(name) ?? names.length;
  return Object.entries(section).toSorted(([one], [other]) => placeOf(one) - placeOf(other));
}

function rolesOf(roles: readonly [string, FleetFile['roles'][RoleName]][]): ReadonlyMap<RoleName, Role> {
  const byName = new Map<RoleName, Role>();
  for (const [key, { description, queues, concurrency, tasks, exclude, max_unavailable: max }] of roles) {
    const name = roleNameSchema.parse(key);
    byName.set(
      name,
      Object.freeze({
        name,
        description: description ?? null,
        queues: queues ?? [queueNameSchema.parse(key)],
        concurrency,
        tasks,
        exclude,
        maxUnavailable: maxUnavailableOf(max),
      }),
    );
  }
  return byName;
}

type OwnFile = { readonly file: WorkerFile; readonly broker: BrokerSettings; readonly host: string | null };

function workerFromOwnFile(source: ConfigSource, { file, broker, host }: OwnFile): WorkerConfig {
  if (host !== null && host !== file.host) {
    throw new UsageError('USAGE', `${source.file} is the worker file of ${file.host}, not of ${host}`, {
      hint: `leave out --host, or make a worker file with: celeroot hosts worker-file ${host}`,
    });
  }
  return Object.freeze({
    file: resolve(source.file),
    fleet: file.fleet,
    host: file.host,
    roots: file.roots,
    leastTrust: file.least_trust,
    broker,
    roles: [...rolesOf(Object.entries(file.roles)).values()],
  });
}

function workerFromFleet(config: FleetConfig, name: string | null): WorkerConfig {
  if (name === null) {
    throw new UsageError('USAGE', `${config.file} describes a fleet; which of its hosts is this?`, {
      hint: `celeroot worker ${basename(config.file)} --host NAME`,
    });
  }
  const host = config.hosts.get(requireHost(config, name));
  if (host === undefined) throw new BugError(`host ${name} is not where it was found`);
  const roles = host.roles.flatMap((role) => config.roles.get(role) ?? []);
  return Object.freeze({
    file: config.file,
    fleet: config.fleet,
    host: host.name,
    roots: config.roots,
    leastTrust: 1,
    broker: config.broker,
    roles,
  });
}
