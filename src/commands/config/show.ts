import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { examples, sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export function showCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('show')
    .description('print the configuration in force: defaults filled in, passwords left out')
    .addHelpText('after', examples('celeroot config show', 'celeroot config show --json'));
  return command.action(async () => {
    const { effectiveConfig, renderEffectiveConfig } = await import('../../config/effective-config.ts');
    const config = await loadFleetConfig(cli, command);
    if (sharedFlags(command).json) writeJson(cli.stdout, { file: config.file, config: effectiveConfig(config) });
    else cli.stdout.write(renderEffectiveConfig(config));
  });
}
