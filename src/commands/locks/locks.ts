import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function locksCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('locks')
    .description('list the hosts in a turn of a roll-out, and how many of a role may be at once (max_unavailable)')
    .addHelpText('after', examples('celeroot locks'))
    .action(async () => {
      const { listLocks } = await import('./list-locks.ts');
      await listLocks(cli, command);
    });
  return command;
}
