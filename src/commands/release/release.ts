import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { VERSION } from '../../core/version.ts';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function releaseCommand(cli: Cli): CommandUnknownOpts {
  return new Command('release')
    .description('sign packages of celeroot, so that hosts join with no others')
    .addHelpText('after', examples('celeroot release sign build/dist --key release.key'))
    .addCommand(signCommand(cli))
    .addCommand(verifyCommand(cli));
}

function signCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('sign')
    .description('write release.json beside packages and executables: their digests, signed with a release key')
    .argument('<path...>', 'the folder they are in, or the files')
    .requiredOption('--key <file>', 'the private release key')
    .option('--as <version>', 'what is released', VERSION)
    .addHelpText('after', examples('celeroot release sign build/dist --key release.key'))
    .action(async (paths, { key, as: version }) => {
      const { signRelease } = await import('./sign-release.ts');
      await signRelease(cli, command, { paths, key, version });
    });
  return command;
}

function verifyCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('verify')
    .description(
      'see that a release is signed by a release key of the trust file, and that the files beside it are those',
    )
    .argument('<file>', 'the release.json, or the folder it is in')
    .option('--public <key>', 'by this release key (ed25519:…), without a trust file')
    .addHelpText('after', examples('celeroot release verify build/dist/release.json'))
    .action(async (file, { public: publicKey }) => {
      const { verifyRelease } = await import('./verify-release.ts');
      await verifyRelease(cli, command, { file, publicKey: publicKey ?? null });
    });
  return command;
}
