import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { collect } from './flags.ts';

/** Adds the flags every task has: whom it is for, and how it is sent and followed. */
export function addRunFlags(command: CommandUnknownOpts, changesHost: boolean): void {
  command
    .option('--role <role>', 'all hosts of the role (repeatable)', collect)
    .option('--host <name|glob>', 'hosts by name, with * and ? as wildcards (repeatable)', collect)
    .option('--all', 'all hosts of the fleet')
    .option('--any <role>', 'any one host of the role, whichever is free first')
    .option('--exclude <name|glob|@role>', 'leave these out (repeatable)', collect);
  if (changesHost) command.option('--dry-run', 'find out what would be done, and change nothing');
  command.option(
    '--deadline <duration>',
    'how long a host may take once it has begun; then it stops where that is safe',
    '1h',
  );
  addSendFlags(command);
}

/** Adds the flags of everything that sends a run. */
export function addSendFlags(command: CommandUnknownOpts): void {
  command
    .option('--expires <duration>', 'hosts that have not begun by then never begin, at most 7d', '24h')
    .option('--detach', 'do not follow the run')
    .option('--wait', 'follow it to the end, also for hosts that are offline')
    .option('--second-signer', 'send nothing yet: write it to a file that another operator signs too, and sends')
    .option('--yes', 'do not ask, however many hosts it is')
    .option('--rollout <name>', 'batch by batch, as the configuration says under  rollouts:')
    .option('--canary <size|hosts>', 'hosts that go first: a number, a percentage, or names and globs')
    .option('--batches <sizes>', 'then so many at a time, e.g. 1,10%,50%; the last counts for all that follow')
    .option('--max-failures <size>', 'stop when more hosts than that have failed; in a roll-out 0 unless given')
    .option('--soak <duration>', 'wait so long after each batch');
}
