import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { PACKAGE_ARCHITECTURES } from '../../fleet/find-package.ts';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function joinCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('join')
    .description('print the script that makes a machine a host: read it, then send it there by SSH')
    .argument('<name>', 'name of the host')
    .option('--package <file>', 'the Debian package to send; default: that of this version, where it is found')
    .option('--release <file>', 'the release it is in, where the trust file has release keys; default: beside it')
    .addOption(new Option('--arch <architecture>', 'architecture of the host').choices(PACKAGE_ARCHITECTURES))
    .option('--without-package', 'send no package: celeroot is installed there')
    .option('--rename <old>', 'the machine may be the host of this name until now')
    .option('--new-secrets', 'let it make a new key and password, for instance on a copy of a host')
    .option('--shared-password', 'let it use the fleet’s own user of Redis, where hosts can have none of their own')
    .addHelpText(
      'after',
      `\nThe script holds nothing secret. On a terminal it is shown without the package that it carries.\n${examples(
        'celeroot hosts join web1 | ssh root@web1.example.org sh | celeroot hosts accept web1',
        'celeroot hosts join web1 | less',
      )}`,
    );
  return command.action(async (name, flags) => {
    const { printScript } = await import('./print-script.ts');
    await printScript(cli, command, { name, ...flags });
  });
}
