import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig, Host } from '../../config/fleet-config.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { paint } from '../../terminal/style.ts';
import type { Cli } from '../context.ts';
import { celerootFor, editFleet, shownPath } from '../edit-fleet.ts';
import { collect, examples, sharedFlags } from '../flags.ts';

export function addCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('add')
    .description('add a host to the configuration, and say how to bring celeroot to it')
    .argument('<name>', 'name of the host: lower-case letters, digits, dots and hyphens')
    .requiredOption('--role <role>', 'a role of the host (repeatable)', collect)
    .option('--address <address>', 'where you reach it by SSH; default: its name')
    .option('--description <text>', 'one line for people')
    .addHelpText('after', examples('celeroot hosts add web3 --address web3.example.org --role webserver'));
  return command.action(async (name, { role, address = null, description = null }) => {
    const { addHost } = await import('../../config/host-edits.ts');
    const { after } = await editFleet(cli, command, (config) =>
      addHost(config, name, { roles: role, address, description }),
    );
    for (const host of after.hosts.values()) if (host.name === name) await tellHowToJoin(cli, command, [after, host]);
  });
}

async function tellHowToJoin(
  cli: Cli,
  command: CommandUnknownOpts,
  [config, host]: readonly [FleetConfig, Host],
): Promise<void> {
  const { joinLine, warnOfBroker } = await import('../../fleet/join-steps.ts');
  const celeroot = celerootFor(command);
  const line = joinLine(host, celeroot);
  const warning = warnOfBroker(config);
  if (sharedFlags(command).json) return writeJson(cli.stdout, { file: config.file, host, line, warning });
  const { name, roles } = host;
  cli.stdout.write(`added ${name} to ${shownPath(cli, config.file)} (roles: ${roles.join(', ')})\n\n`);
  cli.stdout.write(
    `To join ${name}, run this where you can reach it by SSH (nothing secret is on the command line):\n`,
  );
  cli.stdout.write(`  ${paint(cli.stdout, 'bold', line)}\nThen check:  ${celeroot} hosts ${name}\n`);
  if (warning !== null) writeWarning(cli.stderr, warning);
}
