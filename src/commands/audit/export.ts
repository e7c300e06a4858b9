import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { addTargetFlags } from './target.ts';

export function exportCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('export').description(
    'write the journal, hosts’ logs and their runs of apt as JSON, one a line, each with what was found about it',
  );
  addTargetFlags(command).addHelpText('after', examples('celeroot audit export > audit.jsonl'));
  return command.action(async () => {
    const { exportAudit } = await import('./export-audit.ts');
    await exportAudit(cli, command);
  });
}
