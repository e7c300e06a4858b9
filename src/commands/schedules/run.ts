import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function runCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('run')
    .description('do now what a schedule does; calendars, pauses and its slots are left alone')
    .argument('<name>', 'name of the schedule')
    .option('--dry-run', 'find out what would be done, and change nothing')
    .option('--detach', 'do not follow the run')
    .option('--wait', 'follow it to the end, also for hosts that are offline')
    .option('--yes', 'do not ask, however many hosts it is')
    .addHelpText('after', examples('celeroot schedules run nightly', 'celeroot schedules run nightly --dry-run'))
    .action(async (name, { dryRun = false, detach = false, wait = false, yes = false }) => {
      const { runSchedule } = await import('./run-schedule.ts');
      await runSchedule(cli, command, { name, dryRun, detach, wait, yes });
    });
  return command;
}
