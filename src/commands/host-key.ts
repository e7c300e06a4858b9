import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../terminal/json.ts';
import type { Cli } from './context.ts';
import { examples, sharedFlags } from './flags.ts';

export function hostKeyCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('host-key')
    .description('print the public key by which this machine’s reports are believed; make the pair when there is none')
    .addHelpText('after', examples("ssh root@web1 '/opt/celeroot/celeroot host-key' | celeroot hosts accept web1"));
  return command.action(async () => {
    const { openHostKey } = await import('../executor/host-key.ts');
    const { id } = await openHostKey(cli.stateDir);
    if (sharedFlags(command).json) writeJson(cli.stdout, { key: id });
    else cli.stdout.write(`${id}\n`);
  });
}
