import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
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
    .option('--rename <old>', 'the machine may be the host of this name until now; after  hosts rename  it may anyway')
    .option('--new-secrets', 'let it make a new key and password, for instance on a copy of a host')
    .option('--shared-password', 'let it use the fleet’s own user of Redis, where hosts can have none of their own')
    .addOption(new Option('--token', 'without SSH: print a token for  celeroot join  there').conflicts(OF_THE_SCRIPT))
    .option('--fingerprint <fingerprint>', 'with --token: that of the host’s key, where nobody is there to type it')
    .option('--replace', 'with --token: it takes the place of what is recorded')
    .addHelpText(
      'after',
      `\nThe script holds nothing secret. On a terminal it is shown without the package that it carries.\n\n${ABOUT_TOKENS}\n${examples(
        'celeroot hosts join web1 | ssh root@web1.example.org sh | celeroot hosts accept web1',
        'celeroot hosts join web1 | less',
        'celeroot hosts join web1 --token',
      )}`,
    );
  return command.action(async (name, { token, fingerprint, replace, ...flags }) => {
    if (token === true) {
      const { joinByToken } = await import('./join-by-token.ts');
      return await joinByToken(cli, command, { name, fingerprint, replace: replace === true });
    }
    if (fingerprint !== undefined || replace === true) {
      throw new UsageError('USAGE', '--fingerprint and --replace go with --token', {
        hint: 'over SSH:  … | celeroot hosts accept NAME --replace',
      });
    }
    const { printScript } = await import('./print-script.ts');
    await printScript(cli, command, { name, ...flags });
  });
}

/** Flags that say what goes into the script; the names by which commander knows them. */
const OF_THE_SCRIPT = ['package', 'release', 'arch', 'withoutPackage', 'rename', 'newSecrets', 'sharedPassword'];

const ABOUT_TOKENS = `A token lets one machine join as this host, once, within 15 minutes, while this command waits: type  celeroot join
there and paste it. It is secret until then. The machine shows the fingerprint of its key, which you type here.`;
