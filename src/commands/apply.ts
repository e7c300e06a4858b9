import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from './context.ts';
import { examples } from './flags.ts';
import { addSendFlags } from './run-flags.ts';

export function applyCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('apply')
    .description('carry out exactly what a dry run found, on the hosts where that is still the plan')
    .argument('<run>', 'id of the dry run, its beginning, or latest');
  command.option('--dry-run', 'only find out whether that is still the plan, and change nothing');
  addSendFlags(command);
  const help = examples('celeroot apply latest', 'celeroot apply latest --dry-run');
  return command.addHelpText('after', help).action(async () => {
    const { repeatRun } = await import('./runs/repeat-run.ts');
    const { readSendFlags } = await import('./read-run-flags.ts');
    const { prepareApply } = await import('../fleet/repeat-run.ts');
    const dryRun = command.getOptionValue('dryRun') === true;
    await repeatRun(cli, command, {
      prepare: (fleet, snapshot, options) => prepareApply(fleet, snapshot, { ...options, dryRun }),
      flags: readSendFlags(command.opts()),
    });
  });
}
