import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from './context.ts';
import { examples } from './flags.ts';
import { addSendFlags } from './run-flags.ts';

export function applyCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('apply')
    .description('carry out exactly what a dry run found, on the hosts where that is still the plan')
    .argument('<run>', 'id of the dry run, its beginning, or latest');
  addSendFlags(command);
  return command.addHelpText('after', examples('celeroot apply latest')).action(async () => {
    const { repeatRun } = await import('./runs/repeat-run.ts');
    const { readSendFlags } = await import('./read-run-flags.ts');
    const { prepareApply } = await import('../fleet/repeat-run.ts');
    await repeatRun(cli, command, { prepare: prepareApply, flags: readSendFlags(command.opts()) });
  });
}
