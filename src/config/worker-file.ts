import type { BrokerSettings } from '../core/broker-settings.ts';
import { hostUserName } from '../core/host-user.ts';
import { brokerForHosts } from './broker-for-hosts.ts';
import { brokerSection } from './broker-section.ts';
import type { FleetConfig, Host, Role } from './fleet-config.ts';
import { renderEntry, type YamlValue } from './render-yaml.ts';

/** Where a worker file looks for the password, beside itself. */
export const PASSWORD_FILE = 'redis.password';

/** Whether hosts that share the fleet's login need a password that their worker files must not hold. */
export function needsPassword(broker: BrokerSettings): boolean {
  return broker.password !== null && broker.listen === null;
}

/** How a host gets into Redis: as a user of its own, or as the fleet's with everybody else. */
export type Login = 'own' | 'shared';

/** The login that was agreed on when the host was accepted; that of the controller's own Redis is never shared. */
function loginOf({ listen }: BrokerSettings, { brokerPassword }: Host): Login {
  return brokerPassword === null && listen === null ? 'shared' : 'own';
}

export type WorkerFileOptions = {
  /** The version of the controller's trust file: older ones may name keys that were revoked since. */
  readonly leastTrust: number;
  readonly login?: Login;
};

/** The worker file of one host: whom it obeys, its roles, where Redis is. It never holds a password. */
export function renderWorkerFile(
  config: FleetConfig,
  host: Host,
  { leastTrust, login = loginOf(config.broker, host) }: WorkerFileOptions,
): string {
  const reached = brokerForHosts(config.broker);
  const broker = login === 'own' ? ownLogin(reached, host) : sharedLogin(reached);
  const roles = host.roles.flatMap((name) => config.roles.get(name) ?? []);
  const parts: [string, YamlValue][] = [
    ['version', 1],
    ['fleet', config.fleet],
    ['host', host.name],
    ['roots', config.roots],
    ['least_trust', leastTrust],
    ['broker', broker],
    ['roles', Object.fromEntries(roles.map((role) => [role.name, roleSection(role)]))],
  ];
  const lines = parts.flatMap(([key, value]) => renderEntry(key, value, { indent: 0, step: 2 }));
  return [
    `# What ${host.name} needs to work for the fleet ${config.fleet}; written by: celeroot hosts worker-file ${host.name}`,
    ...(login === 'own' ? OWN_PASSWORD_NOTE : needsPassword(config.broker) ? PASSWORD_NOTE : []),
    ...lines,
    '',
  ].join('\n');
}

const PASSWORD_NOTE = [
  `# The password of Redis is not here: put it on the first line of ${PASSWORD_FILE} beside this file, mode 0600,`,
  '# or give it to the worker in the environment variable CELEROOT_REDIS_PASSWORD.',
];

const OWN_PASSWORD_NOTE = [
  `# The password of Redis is this host’s own: celeroot made it here, in ${PASSWORD_FILE} beside this file.`,
];

type BrokerSection = { readonly [key: string]: YamlValue };

function sharedLogin(broker: BrokerSettings): BrokerSection {
  return { ...brokerSection(broker), ...(needsPassword(broker) ? { password_file: PASSWORD_FILE } : {}) };
}

function ownLogin(broker: BrokerSettings, { name }: Host): BrokerSection {
  const user = hostUserName(broker.environment, name);
  return { ...brokerSection(broker), user, password_file: PASSWORD_FILE };
}

function roleSection({ queues, concurrency, tasks, exclude }: Role): { readonly [key: string]: YamlValue } {
  return { queues, concurrency, tasks, exclude };
}
