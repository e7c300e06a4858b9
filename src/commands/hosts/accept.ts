import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { editFleet, shownPath } from '../edit-fleet.ts';
import { loadFleetConfig } from '../open-fleet.ts';
import { examples, sharedFlags } from '../flags.ts';

export function acceptCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('accept')
    .description('record the key, read from standard input, by which a host’s reports are believed')
    .argument('<name>', 'name of the host')
    .option('--replace', 'another key is recorded already: the host was installed anew')
    .addHelpText('after', examples("ssh root@web1 '/opt/celeroot/celeroot host-key' | celeroot hosts accept web1"));
  return command.action(async (name, { replace = false }) => {
    const { acceptHost } = await import('../../config/host-edits.ts');
    const { recordHost } = await import('../../fleet/record-host.ts');
    const key = (await cli.readStdin()).trim();
    const fleet = await loadFleetConfig(cli, command);
    acceptHost(fleet, name, { key, replace });
    await recordHost(fleet, { host: name, what: replace ? 'replaced' : 'accepted', detail: key, clock: cli.clock });
    const { after } = await editFleet(cli, command, (config) => acceptHost(config, name, { key, replace }));
    if (sharedFlags(command).json) return writeJson(cli.stdout, { file: after.file, host: name, key });
    cli.stdout.write(
      `recorded the key of ${name} in ${shownPath(cli, after.file)}: from now on its reports must bear it\n`,
    );
  });
}
