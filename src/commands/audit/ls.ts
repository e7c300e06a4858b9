import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function lsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('ls')
    .alias('list')
    .description('list what was ordered here, or what a host did, newest first')
    .option('--host <name>', 'the host’s own log instead of the journal')
    .option('--since <when>', 'not older than that: a duration such as 7d, or a date such as 2026-11-25')
    .option('--limit <count>', 'how many at most', '50')
    .addHelpText('after', examples('celeroot audit ls --since 7d', 'celeroot audit ls --host web1 --json'));
  return command.action(async ({ host, since, limit }) => {
    const { listAudit } = await import('./list-audit.ts');
    await listAudit(cli, command, { host: host ?? null, since: since ?? null, limit });
  });
}
