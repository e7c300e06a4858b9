import { endpointForHosts } from '../config/broker-for-hosts.ts';
import type { FleetConfig, Host } from '../config/fleet-config.ts';
import { PASSWORD_FILE } from '../config/worker-file.ts';
import { isInClear, isOwnMachine, nodesOf } from '../core/broker-settings.ts';
import { quoteWord } from '../core/quote-word.ts';
import { WORKER_UNIT } from '../host/worker-unit.ts';

/** Where a host keeps its worker file; the unit file names it. */
const FOLDER = '/etc/celeroot';

/** Something to type, and what it is for. */
export type ShellStep = { readonly what: string; readonly command: string };

/**
 * The one line that an administrator types to make a machine a host. celeroot never connects by SSH itself, and nothing
 * secret is on the line. `celeroot` is how this celeroot is called, with `--config` where it is needed.
 */
export function joinLine(host: Host, celeroot: string, flags: readonly string[] = []): string {
  const join = [`${celeroot} hosts join ${host.name}`, ...flags.map(quoteWord)].join(' ');
  return `${join} | ${sshTo(host)} sh | ${celeroot} hosts accept ${host.name}`;
}

/** The same for a host that has joined and is to be told something new. */
export function rejoinLine(host: Host, celeroot: string, flags: readonly string[] = []): string {
  const shared = host.key !== null && host.brokerPassword === null ? ['--shared-password'] : [];
  return joinLine(host, celeroot, [...flags, ...shared]);
}

/** How a host that shares the fleet's user of Redis gets the password, which is in no file made here. */
export function passwordStep(host: Host): ShellStep {
  const write = `install -d -m 0700 ${FOLDER} && umask 077 && cat > ${FOLDER}/${PASSWORD_FILE}`;
  return {
    what: 'give it the password of Redis: type it, Enter, Ctrl-D',
    command: `${sshTo(host)} '${write}'`,
  };
}

/** Shows what the worker of a host says. */
export function workerLogLine(host: Host): string {
  return `${sshTo(host)} 'journalctl -u ${WORKER_UNIT} -n 20 --no-pager'`;
}

/** What brings a change of its roles, or of their settings, to a host and to what Redis lets it do. */
export function refreshStep(host: Host, celeroot: string): ShellStep {
  const joined = host.key === null ? [] : ['--without-package'];
  return { what: 'tell the host; what its worker does goes on', command: rejoinLine(host, celeroot, joined) };
}

/** How celeroot, what it was told, and its record of jobs are taken from a machine that is no host any more. */
export function leaveLine(host: Host): string {
  return `${sshTo(host)} 'apt-get purge --yes celeroot'`;
}

/** Why hosts elsewhere cannot reach this Redis, or not without telling who listens; null when they may. */
export function warnOfBroker({ broker, file }: FleetConfig): string | null {
  const endpoint = endpointForHosts(broker);
  const explained = `under broker: in ${file} (celeroot config explain broker)`;
  const mend = `name one they reach ${explained}`;
  const orListen = broker.embedded ? `let it listen, or ${mend}` : mend;
  if (endpoint.kind === 'socket')
    return `this fleet’s Redis is a socket of this machine, which no other host reaches; ${orListen}`;
  const nodes = nodesOf(endpoint);
  if (nodes.every(isOwnMachine))
    return `this fleet’s Redis is at ${nodes[0]?.host ?? ''}, which is each host itself; ${mend}`;
  if (!isInClear(broker)) return null;
  return `hosts send their passwords to Redis without TLS, for all who listen on the network; give it TLS, and write rediss:// or tls: true ${explained}`;
}

function sshTo({ address }: Host): string {
  return `ssh ${quoteWord(`root@${address}`)}`;
}
