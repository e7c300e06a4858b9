import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { addTargetFlags } from './target.ts';

export function verifyCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('verify').description(
    'find what was changed in the journal or in hosts’ logs, and what was done on hosts besides celeroot',
  );
  addTargetFlags(command)
    .option('--full', 'read every log from its beginning, not from where it was verified last')
    .option('--strict', 'what was done besides this celeroot is a failure too')
    .addHelpText('after', examples('celeroot audit verify', 'celeroot audit verify --role webserver --strict --json'));
  return command.action(async () => {
    const { verifyAudit } = await import('./verify-audit.ts');
    await verifyAudit(cli, command);
  });
}
