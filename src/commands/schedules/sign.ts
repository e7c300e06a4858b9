import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function signCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('sign')
    .description('sign as an operator what schedules may do, so that a scheduler with a key of its own can fire them')
    .argument('[names...]', 'only these schedules; default: all that are not signed as they are now')
    .addHelpText('after', examples('celeroot schedules sign', 'celeroot schedules sign nightly'))
    .action(async (names) => {
      const { signNamed } = await import('./sign-named.ts');
      await signNamed(cli, command, names);
    });
  return command;
}
