import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { editFleet, shownPath } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';

export function rmCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('rm')
    .alias('remove')
    .description('take a role out of the configuration; refused while a host has it')
    .argument('<name>', 'name of the role')
    .addHelpText('after', examples('celeroot roles rm webserver'));
  return command.action(async (name) => {
    const { removeRole } = await import('../../config/role-edits.ts');
    const { after } = await editFleet(cli, command, (config) => removeRole(config, name));
    if (sharedFlags(command).json) return writeJson(cli.stdout, { file: after.file, removed: name });
    cli.stdout.write(`removed role ${name} from ${shownPath(cli, after.file)}\n`);
  });
}
