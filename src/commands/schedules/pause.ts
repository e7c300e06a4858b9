import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function pauseCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('pause')
    .description('let the slots of a schedule pass; runs that go on are left alone')
    .argument('<name>', 'name of the schedule')
    .option(
      '--until <time>',
      'until then, such as 2026-12-24T18:00 in the schedule’s zone, or for a duration such as 3d',
    )
    .addHelpText(
      'after',
      examples('celeroot schedules pause nightly', 'celeroot schedules pause nightly --until 2026-12-24T18:00'),
    )
    .action(async (name, { until }) => {
      const { pauseSchedule } = await import('./pause-schedule.ts');
      await pauseSchedule(cli, command, { name, until: until ?? null });
    });
  return command;
}
