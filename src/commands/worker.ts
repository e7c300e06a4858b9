import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJsonLine } from '../terminal/json.ts';
import { plainText } from '../terminal/plain-text.ts';
import type { Cli } from './context.ts';
import { examples, sharedFlags } from './flags.ts';

export function workerCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('worker')
    .description('serve this host: take its jobs and do them, until stopped')
    .argument('[file]', 'a worker file, or the fleet’s celeroot.yaml with --host')
    .option('--host <name>', 'which host of the fleet this is')
    .addHelpText(
      'after',
      examples('celeroot worker /etc/celeroot/worker.yaml', 'celeroot worker celeroot.yaml --host web1'),
    );
  return command.action(async (file, { host }) => {
    const { preferSmallHeap } = await import('../worker/save-memory.ts');
    preferSmallHeap();
    const { findConfigFile, loadWorker } = await import('../config/load.ts');
    const { runWorker } = await import('../worker/run-worker.ts');
    const { createStop } = await import('../worker/shutdown.ts');
    const { config, json } = sharedFlags(command);
    const path = findConfigFile(file ?? config ?? undefined, cli.env, cli.cwd);
    const stop = createStop();
    using _term = cli.onSignal('SIGTERM', stop.request);
    using _int = cli.onSignal('SIGINT', stop.request);
    await runWorker(
      {
        config: loadWorker(path, host ?? null, cli.env),
        stateDir: cli.stateDir,
        self: cli.self,
        clock: cli.clock,
        log: (line) =>
          json
            ? writeJsonLine(cli.stdout, { at: cli.clock.now(), message: line })
            : cli.stdout.write(`${plainText(line)}\n`),
      },
      stop.signals,
    );
  });
}
