import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function resumeCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('resume')
    .description('end the pause of a schedule; slots that passed meanwhile stay missed')
    .argument('<name>', 'name of the schedule')
    .addHelpText('after', examples('celeroot schedules resume nightly'))
    .action(async (name) => {
      const { resumeSchedule } = await import('./pause-schedule.ts');
      await resumeSchedule(cli, command, name);
    });
  return command;
}
