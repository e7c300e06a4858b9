import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import { hostUserName } from '../../core/host-user.ts';
import type { HostName } from '../../core/names.ts';
import { fleetUsers } from '../../fleet/host-users.ts';
import type { HostUserChanges } from '../../queue/broker.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { requireYes } from '../require-yes.ts';
import { withoutPassword } from './without-password.ts';

/**
 * Makes Redis have exactly the users of the configuration's hosts, after showing what that changes and a yes.
 * @throws RejectedError CONFIRMATION_NEEDED when nobody says yes.
 */
export async function applyAcl(cli: Cli, command: CommandUnknownOpts, yes: boolean): Promise<void> {
  const config = await loadFleetConfig(cli, command);
  if (config.broker.embedded && config.broker.listen === null) {
    throw new UsageError('USAGE', 'the embedded Redis listens to no other host, and so it has no users', {
      hint: `let it listen, or name a Redis that hosts reach, under broker: in ${config.file} (celeroot config explain broker)`,
    });
  }
  const { users, without } = fleetUsers(config);
  const { json } = sharedFlags(command);
  if (without.length > 0 && !json) writeWarning(cli.stderr, ...withoutPassword(without));
  await using broker = await openBroker(cli, config);
  const changes = await broker.compareHostUsers(users);
  const lines = linesOf(changes, (host) => hostUserName(config.broker.environment, host));
  for (const line of lines) cli.stderr.write(`${line}\n`);
  if (lines.length > 0) await requireYes(cli, `to change ${counted(lines.length)} of Redis`, { yes });
  const warnings = await broker.changeHostUsers(changes);
  if (json) return writeJson(cli.stdout, { applied: { ...namesOf(changes), without, warnings } });
  for (const warning of warnings) writeWarning(cli.stderr, warning);
  cli.stdout.write(lines.length === 0 ? 'Redis has exactly these users already\n' : `done: ${counted(lines.length)}\n`);
}

function counted(count: number): string {
  return count === 1 ? '1 user' : `${count} users`;
}

function linesOf({ add, change, remove }: HostUserChanges, user: (host: HostName) => string): readonly string[] {
  return [
    ...add.map(({ host }) => `add     ${user(host)}`),
    ...change.map(({ host }) => `change  ${user(host)}: its rights or its password`),
    ...remove.map((host) => `remove  ${user(host)}: no host of that name has a broker_password`),
  ];
}

function namesOf({ add, change, remove }: HostUserChanges): Record<string, readonly HostName[]> {
  return { added: add.map(({ host }) => host), changed: change.map(({ host }) => host), removed: remove };
}
