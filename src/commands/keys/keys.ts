import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { addCommand } from './add.ts';
import { fetchCommand } from './fetch.ts';
import { lsCommand } from './ls.ts';
import { publishCommand } from './publish.ts';
import { revokeCommand } from './revoke.ts';
import { rotateCommand } from './rotate.ts';

export function keysCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('keys')
    .description('whom hosts obey: the keys in the trust file, and what each may ask for')
    .addHelpText('after', examples('celeroot keys ls', 'celeroot keys revoke ada'));
  for (const child of VERBS) command.addCommand(child(cli));
  return command;
}

/** What can be done with keys; one line per verb. */
const VERBS: readonly ((cli: Cli) => CommandUnknownOpts)[] = [
  addCommand,
  fetchCommand,
  lsCommand,
  publishCommand,
  revokeCommand,
  rotateCommand,
];
