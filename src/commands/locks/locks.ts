import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function locksCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('locks')
    .description('list the hosts that are being changed, of roles that limit how many may be (max_unavailable)')
    .addHelpText('after', examples('celeroot locks'))
    .action(async () => {
      const { listLocks } = await import('./list-locks.ts');
      await listLocks(cli, command);
    });
  return command;
}
