import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { didYouMean } from '../core/close-matches.ts';
import { UsageError } from '../core/errors.ts';
import { examples } from './flags.ts';
import { pathOf } from './usage-error.ts';

/**
 * Adds `help` to every command that holds others, `celeroot hosts help add` as well as `celeroot help hosts add`.
 * Commander's own answers a name it does not know with the whole help, and is not there where the noun does something.
 */
export function addHelpCommands(parent: CommandUnknownOpts): void {
  if (parent.commands.length === 0) return;
  for (const child of parent.commands) addHelpCommands(child);
  parent.helpCommand(false).addCommand(helpCommand(parent));
}

function helpCommand(parent: CommandUnknownOpts): CommandUnknownOpts {
  return new Command('help')
    .description('show the help of a command')
    .argument('[command...]', 'its words')
    .addHelpText('after', examples(`${pathOf(parent)} help`))
    .action((words) => words.reduce(childOf, parent).outputHelp());
}

/** @throws UsageError when there is none of that name. */
function childOf(command: CommandUnknownOpts, word: string): CommandUnknownOpts {
  const found = command.commands.find((child) => child.name() === word || child.aliases().includes(word));
  if (found !== undefined) return found;
  const { commands } = command;
  throw new UsageError('USAGE', `there is no command ${pathOf(command)} ${word}`, {
    hint: didYouMean(
      word,
      commands.map((child) => child.name()),
      `see  ${pathOf(command)} --help`,
    ),
  });
}
