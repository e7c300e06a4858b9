import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function nextCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('next')
    .description('list the slots to come: when, on which hosts, and what calendars keep back')
    .argument('[name]', 'only of this schedule')
    .option('--for <duration>', 'how far to look, at most 366d', '7d')
    .option('--limit <count>', 'list at most so many', '100')
    .addHelpText('after', examples('celeroot schedules next', 'celeroot schedules next nightly --for 30d'))
    .action(async (name, { for: span, limit }) => {
      const { listNext } = await import('./list-next.ts');
      await listNext(cli, command, { file: null, name: name ?? null, span, limit });
    });
  return command;
}
