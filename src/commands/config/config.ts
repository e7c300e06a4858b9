import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { editCommand } from './edit.ts';
import { explainCommand } from './explain.ts';
import { schemaCommand } from './schema.ts';
import { showCommand } from './show.ts';
import { validateCommand } from './validate.ts';

export function configCommand(cli: Cli): CommandUnknownOpts {
  return new Command('config')
    .description('the fleet’s configuration file')
    .addHelpText('after', examples('celeroot config validate', 'celeroot config edit'))
    .addCommand(editCommand(cli))
    .addCommand(explainCommand(cli))
    .addCommand(schemaCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(validateCommand(cli));
}
