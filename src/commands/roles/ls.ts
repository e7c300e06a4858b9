import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function lsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('ls')
    .alias('list')
    .description('list roles: how many hosts have them, what they consume, what they may do')
    .addHelpText('after', examples('celeroot roles ls', 'celeroot roles ls --json'))
    .action(async () => {
      const { listRoles } = await import('./list-roles.ts');
      await listRoles(cli, command);
    });
  return command;
}
