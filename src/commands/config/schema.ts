import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function schemaCommand(cli: Cli): CommandUnknownOpts {
  return new Command('schema')
    .description('print the JSON Schema of the file, with which editors check and complete it')
    .addHelpText('after', examples('celeroot config schema > celeroot.schema.json'))
    .action(async () => {
      const { renderJsonSchema } = await import('../../config/reference.ts');
      cli.stdout.write(renderJsonSchema());
    });
}
