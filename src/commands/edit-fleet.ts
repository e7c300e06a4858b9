import { relative } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Edit } from '../config/edit.ts';
import type { FleetConfig } from '../config/fleet-config.ts';
import type { ConfigChange } from '../config/write-config.ts';
import { quoteWord } from '../core/quote-word.ts';
import type { Cli } from './context.ts';
import { sharedFlags } from './flags.ts';

/** Edits the fleet's configuration file in place; what it was and what it is now. */
export async function editFleet(
  cli: Cli,
  command: CommandUnknownOpts,
  edits: (config: FleetConfig) => readonly Edit[],
): Promise<ConfigChange> {
  const { editText } = await import('../config/edit.ts');
  const { changeConfig } = await import('../config/write-config.ts');
  const file = await fleetFile(cli, command);
  return changeConfig(file, cli.env, (text, config) => editText(text, edits(config)));
}

/** Absolute path of the configuration file this command line means. */
export async function fleetFile(cli: Cli, command: CommandUnknownOpts): Promise<string> {
  const { findConfigFile } = await import('../config/load.ts');
  return findConfigFile(sharedFlags(command).config ?? undefined, cli.env, cli.cwd);
}

/** A path as short as it is clear from where we are. */
export function shownPath(cli: Cli, file: string): string {
  const path = relative(cli.cwd, file);
  return path.startsWith('..') ? file : path;
}

/** `celeroot` as the user has to type it to mean the same configuration. */
export function celerootFor(command: CommandUnknownOpts): string {
  const { config, calledAs } = sharedFlags(command);
  const program = quoteWord(calledAs);
  return config === null ? program : `${program} --config ${quoteWord(config)}`;
}
