import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { examples, sharedFlags } from '../flags.ts';

export function explainCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('explain')
    .description('explain a section or a key of the file, with an example')
    .argument('[path]', 'such as broker, roles or hosts/web1/address; all top-level keys when left out')
    .addHelpText('after', examples('celeroot config explain', 'celeroot config explain roles/webserver/tasks'));
  return command.action(async (path = '') => {
    const { explain } = await import('../../config/reference.ts');
    const text = explain(path);
    if (sharedFlags(command).json) writeJson(cli.stdout, { path, text });
    else cli.stdout.write(text);
  });
}
