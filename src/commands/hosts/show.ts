import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function showCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('show')
    .description('show all that is known of a host')
    .argument('<name>', 'name of the host')
    .addHelpText('after', examples('celeroot hosts show web1', 'celeroot hosts web1'))
    .action(async (name) => {
      const { showHost } = await import('./show-host.ts');
      await showHost(cli, command, name);
    });
  return command;
}
