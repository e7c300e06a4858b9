import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { nameOrVerb } from '../name-or-verb.ts';
import { lintCommand } from './lint.ts';
import { lsCommand } from './ls.ts';
import { nextCommand } from './next.ts';
import { pauseCommand } from './pause.ts';
import { resumeCommand } from './resume.ts';
import { runCommand } from './run.ts';
import { showCommand } from './show.ts';
import { signCommand } from './sign.ts';

/** `celeroot schedules`, the noun: alone it lists, with a name it shows that schedule. */
export function schedulesCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('schedules')
    .description('the schedules of the fleet: what is done by itself, and when')
    .argument('[name]', 'show this schedule')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', examples('celeroot schedules', 'celeroot schedules nightly'))
    .action(async (name) => {
      if (name === undefined) {
        const { listSchedules } = await import('./list-schedules.ts');
        return listSchedules(cli, command);
      }
      const { showSchedule } = await import('./show-schedule.ts');
      return nameOrVerb(command, name, { unknown: 'UNKNOWN_SCHEDULE', show: () => showSchedule(cli, command, name) });
    });
  for (const child of VERBS) command.addCommand(child(cli));
  return command;
}

/** What can be done with schedules; one line per verb. */
const VERBS: readonly ((cli: Cli) => CommandUnknownOpts)[] = [
  lintCommand,
  lsCommand,
  nextCommand,
  pauseCommand,
  resumeCommand,
  runCommand,
  showCommand,
  signCommand,
];
