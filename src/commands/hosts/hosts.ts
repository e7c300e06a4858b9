import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { nameOrVerb } from '../name-or-verb.ts';
import { acceptCommand } from './accept.ts';
import { addCommand } from './add.ts';
import { editCommand } from './edit.ts';
import { joinCommand } from './join.ts';
import { lsCommand } from './ls.ts';
import { renameCommand } from './rename.ts';
import { retireCommand } from './retire.ts';
import { showCommand } from './show.ts';
import { workerFileCommand } from './worker-file.ts';

/** `celeroot hosts`, the noun: alone it lists, with a name it shows that host. */
export function hostsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('hosts')
    .description('the hosts of the fleet')
    .argument('[name]', 'show this host')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', examples('celeroot hosts', 'celeroot hosts web1'))
    .action(async (name) => {
      if (name === undefined) {
        const { listHosts } = await import('./list-hosts.ts');
        return listHosts(cli, command, []);
      }
      const { showHost } = await import('./show-host.ts');
      return nameOrVerb(command, name, { unknown: 'UNKNOWN_HOST', show: () => showHost(cli, command, name) });
    });
  for (const child of VERBS) command.addCommand(child(cli));
  return command;
}

/** What can be done with hosts; one line per verb. */
const VERBS: readonly ((cli: Cli) => CommandUnknownOpts)[] = [
  acceptCommand,
  addCommand,
  editCommand,
  joinCommand,
  lsCommand,
  renameCommand,
  retireCommand,
  showCommand,
  workerFileCommand,
];
