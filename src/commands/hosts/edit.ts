import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig, Host } from '../../config/fleet-config.ts';
import { UsageError } from '../../core/errors.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeShellSteps } from '../../terminal/shell-steps.ts';
import type { Cli } from '../context.ts';
import { celerootFor, editFleet, shownPath } from '../edit-fleet.ts';
import { collect, examples, sharedFlags } from '../flags.ts';

export function editCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('edit')
    .description('change a host in the configuration')
    .argument('<name>', 'name of the host')
    .option('--add-role <role>', 'give it the role (repeatable)', collect)
    .option('--remove-role <role>', 'take the role off it (repeatable)', collect)
    .option('--address <address>', 'where you reach it by SSH; empty: its name')
    .option('--description <text>', 'one line for people; empty: none')
    .addHelpText(
      'after',
      examples('celeroot hosts edit web1 --add-role database', 'celeroot hosts edit web1 --address 10.0.0.7'),
    );
  return command.action(async (name, { addRole = [], removeRole = [], address, description }) => {
    if (Object.keys(command.opts()).length === 0) {
      throw new UsageError('USAGE', `nothing to change of host ${name}`, { hint: 'see  celeroot hosts edit --help' });
    }
    const { changeHost } = await import('../../config/host-edits.ts');
    const { before, after } = await editFleet(cli, command, (config) =>
      changeHost(config, name, { addRoles: addRole, removeRoles: removeRole, address, description }),
    );
    await tellWhatChanged(cli, command, { file: after.file, was: hostOf(before, name), host: hostOf(after, name) });
  });
}

type HostChanged = { readonly file: string; readonly was: Host | undefined; readonly host: Host | undefined };

function hostOf(config: FleetConfig, name: string): Host | undefined {
  return [...config.hosts.values()].find((host) => host.name === name);
}

async function tellWhatChanged(cli: Cli, command: CommandUnknownOpts, { file, was, host }: HostChanged): Promise<void> {
  if (host === undefined) return;
  const { refreshStep } = await import('../../fleet/join-steps.ts');
  const changed = JSON.stringify(was) !== JSON.stringify(host);
  const steps = was?.roles.join() === host.roles.join() ? [] : [refreshStep(host, celerootFor(command))];
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file, changed, host, steps });
  const path = shownPath(cli, file);
  if (!changed) return cli.stdout.write(`${host.name} is so already in ${path}; nothing is changed\n`);
  cli.stdout.write(`changed ${host.name} in ${path} (roles: ${host.roles.join(', ')}; address: ${host.address})\n`);
  if (steps.length === 0) return;
  cli.stdout.write('\nIts worker learns of its roles so:\n');
  writeShellSteps(cli.stdout, steps);
}
