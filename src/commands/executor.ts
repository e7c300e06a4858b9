import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from './context.ts';

/** What a worker starts for each job that may change the host; nothing for people to type. */
export function executorCommand(cli: Cli): CommandUnknownOpts {
  return new Command('executor')
    .description('do one job of the ledger; started by the worker')
    .argument('<state-dir>')
    .argument('<job>')
    .action(async (stateDir, job) => {
      const { runExecutor } = await import('../executor/run-executor.ts');
      const { ownersWordIn } = await import('../config/owners-word.ts');
      await runExecutor({ stateDir, job, clock: cli.clock, ownersWordIn });
    });
}
