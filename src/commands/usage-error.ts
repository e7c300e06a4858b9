import type { CommanderError, CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../core/errors.ts';

/**
 * Makes a command throw our error for what commander objects to. Help and version, which commander also ends by
 * throwing, pass as they are, except that with `json` a command that is missing is told as an error. Commander's
 * messages read `error: …`, with what may have been meant on a second line.
 */
export function throwUsageErrors(command: CommandUnknownOpts, json: boolean): void {
  command.exitOverride((error: CommanderError) => {
    const see = `see  ${pathOf(command)} --help`;
    if (error.exitCode === 0 || (error.code === 'commander.help' && !json)) throw error;
    if (error.code === 'commander.help') {
      throw new UsageError('USAGE', `${pathOf(command)} needs to be told what to do`, { hint: see });
    }
    const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
    const meant = /^\(Did you mean (.*)\?\)$/.exec(suggestion ?? '')?.[1];
    const hint = meant === undefined ? see : `did you mean ${meant}?`;
    throw new UsageError('USAGE', message.replace(' is invalid. ', ' is invalid: ').replace(/\.$/, ''), { hint });
  });
}

/** The words that lead to a command. */
export function pathOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
