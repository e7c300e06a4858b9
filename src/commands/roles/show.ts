import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function showCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('show')
    .description('show a role and the hosts that have it')
    .argument('<name>', 'name of the role')
    .addHelpText('after', examples('celeroot roles show webserver', 'celeroot roles webserver'))
    .action(async (name) => {
      const { showRole } = await import('./show-role.ts');
      await showRole(cli, command, name);
    });
  return command;
}
