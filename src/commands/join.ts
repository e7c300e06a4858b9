import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../core/errors.ts';
import type { Cli } from './context.ts';
import { examples } from './flags.ts';

export function joinCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('join')
    .description('on a new host: join a fleet by the token that  celeroot hosts join NAME --token  prints')
    .argument('[file]', 'where to write the worker file; default: /etc/celeroot/worker.yaml')
    .option('--show-fingerprint', 'only print the fingerprint of this host’s key, made if there is none')
    .addHelpText(
      'after',
      `\nThe token is asked for, or read from standard input; it never stands on the command line. Then this host shows the\nfingerprint of its key, somebody types that on the controller, and the worker starts. The secrets stay on the host.\n${examples(
        'celeroot join',
        'celeroot join < token.txt',
        'celeroot join --show-fingerprint',
      )}`,
    );
  return command.action(async (file, { showFingerprint = false }) => {
    if (process.getuid?.() !== 0) {
      throw new UsageError('NOT_ROOT', 'what a host keeps secret belongs to root', { hint: 'sudo celeroot join' });
    }
    const { printFingerprint, useToken } = await import('./use-token.ts');
    await (showFingerprint ? printFingerprint(cli, command) : useToken(cli, command, file));
  });
}
