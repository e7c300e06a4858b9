import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function lsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('ls')
    .alias('list')
    .description('list keys: what each may ask for, on which hosts, and which hosts know of it')
    .addHelpText('after', examples('celeroot keys ls', 'celeroot keys ls --json'));
  return command.action(async () => {
    const { listKeys } = await import('./list-keys.ts');
    await listKeys(cli, command);
  });
}
