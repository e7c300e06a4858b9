import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { nameOrVerb } from '../name-or-verb.ts';
import { addCommand } from './add.ts';
import { editCommand } from './edit.ts';
import { lsCommand } from './ls.ts';
import { rmCommand } from './rm.ts';
import { showCommand } from './show.ts';

/** `celeroot roles`, the noun: alone it lists, with a name it shows that role. */
export function rolesCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('roles')
    .description('the roles of the fleet: what hosts consume and may do')
    .argument('[name]', 'show this role')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', examples('celeroot roles', 'celeroot roles webserver'))
    .action(async (name) => {
      if (name === undefined) {
        const { listRoles } = await import('./list-roles.ts');
        return listRoles(cli, command);
      }
      const { showRole } = await import('./show-role.ts');
      return nameOrVerb(command, name, { unknown: 'UNKNOWN_ROLE', show: () => showRole(cli, command, name) });
    });
  for (const child of VERBS) command.addCommand(child(cli));
  return command;
}

/** What can be done with roles; one line per verb. */
const VERBS: readonly ((cli: Cli) => CommandUnknownOpts)[] = [
  addCommand,
  editCommand,
  lsCommand,
  rmCommand,
  showCommand,
];
