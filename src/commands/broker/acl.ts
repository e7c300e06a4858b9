import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function aclCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('acl')
    .description('print the users that Redis needs, one for each host that has a broker_password, or make it have them')
    .option('--apply', 'add, change and remove users of hosts, so that Redis has exactly these')
    .option('-y, --yes', 'with --apply: do not ask')
    .addHelpText(
      'after',
      examples('celeroot broker acl', 'celeroot broker acl > celeroot-users.acl', 'celeroot broker acl --apply --yes'),
    );
  return command.action(async ({ apply = false, yes = false }) => {
    if (apply) {
      const { applyAcl } = await import('./apply-acl.ts');
      return applyAcl(cli, command, yes);
    }
    const { printAcl } = await import('./print-acl.ts');
    return printAcl(cli, command);
  });
}
