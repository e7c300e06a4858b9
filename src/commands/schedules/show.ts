import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function showCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('show')
    .description('show a schedule, its hosts and its next slots')
    .argument('<name>', 'name of the schedule')
    .addHelpText('after', examples('celeroot schedules show nightly', 'celeroot schedules nightly'))
    .action(async (name) => {
      const { showSchedule } = await import('./show-schedule.ts');
      await showSchedule(cli, command, name);
    });
  return command;
}
