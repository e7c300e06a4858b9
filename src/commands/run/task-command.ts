import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Json } from '../../core/json.ts';
import type { CommandLine, CommandLineOption, Task } from '../../tasks/task.ts';
import type { Cli } from '../context.ts';
import { collect, examples } from '../flags.ts';
import { readRunFlags } from '../read-run-flags.ts';
import { addRunFlags } from '../run-flags.ts';

/** A task as a command: its own arguments and options from the registry, and those every run has. */
export function taskCommand(cli: Cli, task: Task, name: string): CommandUnknownOpts {
  const command = new Command(name).description(uncapitalized(task.summary));
  const { operands, options } = task.commandLine;
  if (operands !== undefined) {
    const { placeholder, required, single } = operands;
    const words = single === true ? placeholder : `${placeholder}...`;
    command.argument(required ? `<${words}>` : `[${words}]`);
  }
  for (const option of options) addOption(command, option);
  addRunFlags(command, task.changesHost);
  return command.addHelpText('after', examples(task.example)).action(async () => {
    const flags = readRunFlags(command.opts());
    const args = readArguments(task.commandLine, command);
    const { startRun } = await import('./start-run.ts');
    await startRun(cli, command, { request: { task: task.name, args, ...flags }, flags });
  });
}

function uncapitalized(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function addOption(
  command: CommandUnknownOpts,
  { flag, description, type, placeholder = 'value' }: CommandLineOption,
): void {
  if (type === 'boolean') command.option(`--${flag}`, description);
  else if (type === 'string') command.option(`--${flag} <${placeholder}>`, description);
  else command.option(`--${flag} <${placeholder}>`, `${description} (repeatable)`, collect);
}

/** What was typed, by the names the task's arguments have; what was not typed is left to the task's defaults. */
function readArguments({ operands, options }: CommandLine, command: CommandUnknownOpts): Record<string, Json> {
  const args: Record<string, Json> = {};
  const [first] = command.args;
  if (operands !== undefined && first !== undefined) {
    args[operands.key] = operands.single === true ? first : [...command.args];
  }
  for (const { key, flag, type } of options) {
    const value: unknown = command.getOptionValue(attributeName(flag));
    if (typeof value === 'string' || typeof value === 'boolean') args[key] = value;
    else if (Array.isArray(value) && value.length > 0) args[key] = value.map((word) => readWord(String(word), type));
  }
  return args;
}

/** What is no number is left as it is, for the task to refuse. */
function readWord(word: string, type: CommandLineOption['type']): Json {
  return type === 'numbers' && /^\d{1,9}$/.test(word) ? Number(word) : word;
}

/** Commander's name for the value of a flag: `allow-remove` becomes `allowRemove`. */
function attributeName(flag: string): string {
  return flag.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
