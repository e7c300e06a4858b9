import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { addTargetFlags } from './target.ts';

export function acceptCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('accept').description(
    'say why what  audit verify  finds is so; from then on it looks at what comes after',
  );
  addTargetFlags(command)
    .requiredOption('--why <text>', 'the reason, which goes into the journal')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('celeroot audit accept --why "the disk of the controller died; a new journal"'));
  return command.action(async () => {
    const { acceptAudit } = await import('./accept-audit.ts');
    await acceptAudit(cli, command);
  });
}
