import type { BrokerSettings } from '../core/broker-settings.ts';
import { jsonObjectSchema } from '../core/json.ts';
import { brokerSection } from './broker-section.ts';
import type { FleetConfig, Host, Role } from './fleet-config.ts';
import type { CheckRule, RolloutRules, StepRule } from '../rollout/rules.ts';
import { formatSize } from '../rollout/size.ts';
import { formatPreviousKey } from './previous-key.ts';
import { renderEntry, type YamlValue } from './render-yaml.ts';

/** The configuration as celeroot understands it: defaults filled in, paths absolute, no secret. */
export type EffectiveConfig = { readonly [key: string]: YamlValue };

export function effectiveConfig(config: FleetConfig): EffectiveConfig {
  const { broker } = config;
  return {
    version: 1,
    fleet: config.fleet,
    roots: config.roots,
    trust_file: config.trustFile,
    signing_key: config.signingKeyFile,
    ...(config.schedulerKeyFile === null ? {} : { scheduler_key: config.schedulerKeyFile }),
    standing_orders: config.standingOrdersFile,
    root_key: config.rootKeyFile,
    broker: { ...brokerSection(broker), ...passwordOf(broker) },
    roles: Object.fromEntries([...config.roles].map(([name, role]) => [name, roleSection(role)])),
    hosts: Object.fromEntries([...config.hosts].map(([name, host]) => [name, hostSection(host)])),
    ...(config.rollouts.size === 0 ? {} : { rollouts: rolloutSections(config) }),
    ...sectionsOf('calendars', config.calendars),
    ...sectionsOf('schedules', config.schedules),
  };
}

export function renderEffectiveConfig(config: FleetConfig): string {
  const entries = Object.entries(effectiveConfig(config));
  const lines = entries.flatMap(([key, value]) => renderEntry(key, value, { indent: 0, step: 2 }));
  return [`# ${config.file}, with its defaults`, ...lines, ''].join('\n');
}

/** As they were written, with defaults; nothing for a fleet without any. */
function sectionsOf(
  key: 'calendars' | 'schedules',
  named: ReadonlyMap<string, { readonly section: object }>,
): EffectiveConfig {
  if (named.size === 0) return {};
  return {
    [key]: jsonObjectSchema.parse(Object.fromEntries([...named].map(([name, { section }]) => [name, given(section)]))),
  };
}

function given(section: object): unknown {
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined));
}

/** That of the embedded Redis is celeroot's own and stands in no configuration. */
function passwordOf({ password, embedded }: BrokerSettings): EffectiveConfig {
  return password === null || embedded ? {} : { password: String(password) };
}

function roleSection({ description, queues, concurrency, tasks, exclude, maxUnavailable }: Role): EffectiveConfig {
  return {
    ...(description === null ? {} : { description }),
    queues,
    concurrency,
    tasks,
    exclude,
    ...(maxUnavailable === null ? {} : { max_unavailable: formatSize(maxUnavailable) }),
  };
}

function rolloutSections({ rollouts }: FleetConfig): EffectiveConfig {
  return Object.fromEntries([...rollouts].map(([name, rules]) => [name, rolloutSection(rules)]));
}

function rolloutSection({ canary, by, ...rules }: RolloutRules): EffectiveConfig {
  return {
    ...(canary === null ? {} : { canary: 'kind' in canary ? formatSize(canary) : canary }),
    batches: rules.batches.map(formatSize),
    ...(by === null ? {} : { by }),
    order: rules.order,
    max_failures: formatSize(rules.maxFailures),
    max_failures_per_batch: formatSize(rules.maxFailuresPerBatch),
    max_unreachable: formatSize(rules.maxUnreachable),
    soak: `${rules.soakMs / 1000}s`,
    ...(rules.check === null ? {} : { check: checkSection(rules.check) }),
    before: rules.before.map(stepSection),
    after: rules.after.map(stepSection),
  };
}

function checkSection({ args, limits, waitMs }: CheckRule): EffectiveConfig {
  const { loadPerCore, diskFreePercent } = limits;
  return {
    ...args,
    ...(loadPerCore === undefined ? {} : { load_per_core: loadPerCore }),
    ...(diskFreePercent === undefined ? {} : { disk_free_percent: diskFreePercent }),
    wait: `${waitMs / 1000}s`,
  };
}

function stepSection({ task, args, always, mayFail }: StepRule): EffectiveConfig {
  return { task, args, always, may_fail: mayFail };
}

function hostSection(host: Host): EffectiveConfig {
  const { address, roles, description, key, outgoingKey, previousKeys, brokerPassword, renamedFrom, labels } = host;
  return {
    address,
    roles,
    ...(description === null ? {} : { description }),
    ...(key === null ? {} : { key }),
    ...(outgoingKey === null ? {} : { outgoing_key: outgoingKey }),
    ...(previousKeys.length === 0 ? {} : { previous_keys: previousKeys.map(formatPreviousKey) }),
    ...(brokerPassword === null ? {} : { broker_password: brokerPassword }),
    ...(renamedFrom === null ? {} : { renamed_from: renamedFrom }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
}
