import { type CommandUnknownOpts, InvalidArgumentError } from '@commander-js/extra-typings';

/** Flags every command knows; they may stand anywhere on the line. */
export type SharedFlags = {
  /** The file named by `--config`, as typed. */
  readonly config: string | null;
  readonly json: boolean;
  /** How the program is called, for what is to be typed next. */
  readonly calledAs: string;
};

/** Adds the flags that mean the same everywhere to the root command. `calledAs` is set by the launcher of a checkout. */
export function addSharedFlags(root: CommandUnknownOpts, calledAs = 'celeroot'): void {
  root
    .setOptionValue('calledAs', calledAs)
    .option('--config <file>', 'the fleet’s celeroot.yaml (or set CELEROOT_CONFIG)')
    .option('--json', 'answer in JSON');
}

/** Reads the shared flags from any command under the root. */
export function sharedFlags(command: CommandUnknownOpts): SharedFlags {
  const options: Record<string, unknown> = command.optsWithGlobals();
  const text = (name: string): string | null => (typeof options[name] === 'string' ? options[name] : null);
  return { config: text('config'), json: options['json'] === true, calledAs: text('calledAs') ?? 'celeroot' };
}

/** Text for `.addHelpText('after', …)`. Every command has at least one example; a test holds us to it. */
export function examples(...lines: readonly string[]): string {
  return `\nExample${lines.length === 1 ? '' : 's'}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/**
 * Collects a flag that may be given several times; commas separate within one. For `.option(flag, text, collect)`.
 * @throws InvalidArgumentError for an empty part: an empty list often stands for everything.
 */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  const parts = value.split(',').map((part) => part.trim());
  if (parts.includes('')) throw new InvalidArgumentError('expected one or more values, none of them empty');
  return [...previous, ...parts];
}
