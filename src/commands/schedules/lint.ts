import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function lintCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('lint')
    .description('look through a year of slots for what cannot work or is perhaps not meant')
    .option('--strict', 'fail on warnings too')
    .addHelpText('after', examples('celeroot schedules lint', 'celeroot schedules lint --strict --json'))
    .action(async ({ strict = false }) => {
      const { reportLint } = await import('./report-lint.ts');
      await reportLint(cli, command, strict);
    });
  return command;
}
