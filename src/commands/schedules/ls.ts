import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function lsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('ls')
    .alias('list')
    .description('list schedules: what they do, on how many hosts, and when next')
    .addHelpText('after', examples('celeroot schedules ls', 'celeroot schedules ls --json'))
    .action(async () => {
      const { listSchedules } = await import('./list-schedules.ts');
      await listSchedules(cli, command);
    });
  return command;
}
