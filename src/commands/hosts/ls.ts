import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { collect, examples } from '../flags.ts';

export function lsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('ls')
    .alias('list')
    .description('list hosts: whether they are there, what they run, what they need')
    .option('--role <role>', 'only hosts of the role (repeatable)', collect)
    .addHelpText('after', examples('celeroot hosts ls', 'celeroot hosts ls --role webserver --json'))
    .action(async ({ role = [] }) => {
      const { listHosts } = await import('./list-hosts.ts');
      await listHosts(cli, command, role);
    });
  return command;
}
