import type { CommanderError, CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../core/errors.ts';

/**
 * Makes a command throw our error for what commander objects to. Help and version, which commander also ends by
 * throwing, pass as they are. Commander's messages read `error: …`, with what may have been meant on a second line.
 */
export function throwUsageErrors(command: CommandUnknownOpts): void {
  command.exitOverride((error: CommanderError) => {
    if (error.exitCode === 0 || error.code === 'commander.help') throw error;
    const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
    const meant = /^\(Did you mean (.*)\?\)$/.exec(suggestion ?? '')?.[1];
    const hint = meant === undefined ? `see  ${pathOf(command)} --help` : `did you mean ${meant}?`;
    throw new UsageError('USAGE', message.replace(/\.$/, ''), { hint });
  });
}

function pathOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
