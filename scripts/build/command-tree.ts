import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { createApp } from '../../src/commands/app.ts';
import { processContext, processStderr } from '../../src/commands/context.ts';

export type OptionNode = {
  /** As help shows it: `--role <role>`. */
  readonly term: string;
  /** Its names, such as `-h` and `--help`. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
};

/** A command as plain data, for what is made of the command tree. */
export type CommandNode = {
  /** `celeroot hosts add`. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  /** What follows the path in its usage line. */
  readonly usage: string;
  readonly arguments: readonly { readonly term: string; readonly description: string; readonly name: string }[];
  readonly options: readonly OptionNode[];
  readonly children: readonly CommandNode[];
};

/** The root of the command tree; its options are known to every command. */
export async function commandTree(): Promise<CommandNode> {
  const cli = { ...processContext(processStderr()), exitWith: () => undefined };
  return readCommand(await createApp(cli, { withTasks: true, json: false }), '');
}

/** The command itself and all below it, in the order of the alphabet. */
export function withDescendants(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.children.flatMap(withDescendants)];
}

function readCommand(command: CommandUnknownOpts, above: string): CommandNode {
  const help = command.createHelp();
  const path = `${above} ${command.name()}`.trim();
  return {
    path,
    name: command.name(),
    summary: command.description(),
    usage: command.usage(),
    arguments: help.visibleArguments(command).map((argument) => ({
      name: argument.name(),
      term: help.argumentTerm(argument),
      description: help.argumentDescription(argument),
    })),
    options: help.visibleOptions(command).map((option) => ({
      term: help.optionTerm(option),
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: help.optionDescription(option),
      takesValue: option.required || option.optional,
    })),
    children: help
      .visibleCommands(command)
      .filter((child) => child.name() !== 'help')
      .map((child) => readCommand(child, path))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
  };
}
