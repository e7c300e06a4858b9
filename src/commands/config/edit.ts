import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { fleetFile, shownPath } from '../edit-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';

export function editCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('edit')
    .description('edit a copy of the file in $VISUAL or $EDITOR; it is taken over only when it is valid')
    .addHelpText('after', examples('celeroot config edit', 'EDITOR=nano celeroot config edit'));
  return command.action(async () => {
    const { editInEditor } = await import('./edit-in-editor.ts');
    const file = await fleetFile(cli, command);
    const changed = await editInEditor(cli, command, file);
    if (sharedFlags(command).json) return writeJson(cli.stdout, { file, changed });
    cli.stdout.write(changed ? `wrote ${shownPath(cli, file)}\n` : 'nothing was changed\n');
  });
}
