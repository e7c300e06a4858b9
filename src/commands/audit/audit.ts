import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { acceptCommand } from './accept.ts';
import { exportCommand } from './export.ts';
import { lsCommand } from './ls.ts';
import { verifyCommand } from './verify.ts';

export function auditCommand(cli: Cli): CommandUnknownOpts {
  return new Command('audit')
    .description('what was ordered and what was done, and whether anybody has changed that since')
    .addHelpText('after', examples('celeroot audit ls', 'celeroot audit verify'))
    .addCommand(acceptCommand(cli))
    .addCommand(exportCommand(cli))
    .addCommand(lsCommand(cli))
    .addCommand(verifyCommand(cli));
}
