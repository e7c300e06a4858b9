import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { BrokerSettings } from '../../core/broker-settings.ts';
import { fleetUsers } from '../../fleet/host-users.ts';
import { controllerAclLine, hostAclLines } from '../../queue/acl-lines.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { withoutPassword } from './without-password.ts';

/** The hosts' lines go to standard output alone, because an aclfile may hold no comment. */
export async function printAcl(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const config = await loadFleetConfig(cli, command);
  const { users, without } = fleetUsers(config);
  const lines = hostAclLines(config.broker, users);
  const controller = controllerAclLine(config.broker);
  if (sharedFlags(command).json) {
    const hosts = users.map(({ host }, index) => ({ host, line: lines[index] }));
    return writeJson(cli.stdout, { acl: { hosts, controller, without } });
  }
  cli.stderr.write(`${guidance(controller, { celeroot: celerootFor(command), broker: config.broker }).join('\n')}\n`);
  for (const line of lines) cli.stdout.write(`${line}\n`);
  if (without.length > 0) writeWarning(cli.stderr, ...withoutPassword(without));
}

type Guided = { readonly celeroot: string; readonly broker: BrokerSettings };

function guidance(controller: string, { celeroot, broker }: Guided): readonly string[] {
  if (broker.embedded && broker.listen === null) {
    return ['# The embedded Redis listens to no other host: it needs no users.'];
  }
  if (broker.embedded) {
    return [
      '# celeroot keeps these users in its own Redis: hosts accept makes one, hosts retire takes it away, and celeroot up',
      `# starts with these. Should they differ:  ${celeroot} broker acl --apply`,
    ];
  }
  return [
    '# Redis 7.0 or newer. Put the lines that start with user into the file that aclfile in redis.conf names (which',
    `# may hold no comments) and run  redis-cli ACL LOAD,  or let it be done:  ${celeroot} broker acl --apply`,
    '#',
    '# The controller, with the digest of its password (sha256sum) in place of SHA256. Who may set users may give himself',
    '# everything: leave its +acl| rights away if an administrator applies the users of hosts.',
    `#   ${controller}`,
    '#',
    '# Once the controller and every host have a user, nobody else should get in. Where Redis is replicated, its replicas',
    '# (masteruser, masterauth) and Sentinels (auth-user, auth-pass) need users of their own first.',
    '#   user default off',
  ];
}
