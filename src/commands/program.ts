import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../core/errors.ts';
import type { Cli } from './context.ts';
import { examples } from './flags.ts';

export function programCommand(cli: Cli): CommandUnknownOpts {
  return new Command('program')
    .description('write this celeroot as a tar archive, for a host that has none')
    .addHelpText(
      'after',
      examples("celeroot program | ssh root@web1 'mkdir -p /opt/celeroot && tar -xz -C /opt/celeroot'"),
    )
    .action(async () => {
      if (cli.stdout.isTTY) {
        throw new UsageError('USAGE', 'the archive is not for a terminal', {
          hint: 'send it into a file or to a host; see  celeroot program --help',
        });
      }
      const { writeProgramArchive } = await import('../host/program-archive.ts');
      await writeProgramArchive(cli.self, { onOutput: cli.writeBytes, signal: cli.stdoutClosed });
    });
}
