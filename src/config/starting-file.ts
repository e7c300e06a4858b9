import type { FleetName, HostName } from '../core/names.ts';
import { renderEntry, renderInline, renderText } from './render-yaml.ts';

export type StartingFleet = {
  readonly fleet: FleetName;
  /** The public root key. */
  readonly root: string;
  /** Address of a Redis; null for the embedded one. */
  readonly brokerUrl: string | null;
  /** A host to begin with, of role `server`, and its public key; null for none. */
  readonly host: { readonly name: HostName; readonly key: string } | null;
};

/** The commented celeroot.yaml that a new fleet begins with. */
export function renderStartingFile({ fleet, root, brokerUrl, host }: StartingFleet): string {
  return `# The fleet ${fleet}: its hosts, what they may do, and where Redis is.
# What may stand here: celeroot config explain. Check it after editing: celeroot config validate
version: 1
fleet: ${renderText(fleet)}

# Hosts obey only orders signed with a key that celeroot.trust names (celeroot keys ls), and only a celeroot.trust signed
# with this root key. The private halves are celeroot.root.key and, for orders, celeroot.key (mode 0600): keep copies
# in a safe place, and never put them on a managed host.
roots:
  - ${root}

${brokerUrl === null ? EMBEDDED : brokerAt(brokerUrl)}
# A role says what its hosts may do; celeroot tasks ls shows what there is.
roles:
  server:
    description: Any server
    tasks: [system.*, apt.*, service.*, hook.*, audit.*, keys.*]
    # Packages that upgrades never touch:
    # exclude: [linux-image-*]

# celeroot hosts add NAME --address ADDRESS --role server adds one, and says how to bring celeroot to it.
${hostsSection(host)}
`;
}

const EMBEDDED = `# Redis carries orders and reports. The embedded one is on a socket of this machine: celeroot up starts it.
# For hosts elsewhere let it listen at a name or address of this machine that they reach, with TLS:
#   listen: controller.example.org:6380
# or use another Redis that they reach, instead of embedded: true:
#   url: rediss://redis.example.org:6380
#   user: celeroot
#   password_file: redis.password
broker:
  embedded: true
`;

function brokerAt(url: string): string {
  return `# Redis carries orders and reports; every host must reach it. Better than a password in the address is a file:
#   user: celeroot
#   password_file: redis.password
broker:
  url: ${renderInline(url)}
`;
}

function hostsSection(host: StartingFleet['host']): string {
  if (host === null) return 'hosts: {}';
  return renderEntry('hosts', { [host.name]: { roles: ['server'], key: host.key } }, { indent: 0, step: 2 }).join('\n');
}
