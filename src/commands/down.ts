import { setTimeout as sleep } from 'node:timers/promises';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../terminal/json.ts';
import type { Cli } from './context.ts';
import { examples, sharedFlags } from './flags.ts';

export function downCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('down')
    .description('stop the worker and the Redis that  celeroot up  started on this machine')
    .addHelpText('after', examples('celeroot down'));
  return command.action(async () => {
    const { stopLocalWorker } = await import('../fleet/local-worker.ts');
    const { embeddedFolder } = await import('../core/embedded-files.ts');
    const { stopEmbeddedBroker } = await import('../queue/embedded-broker.ts');
    const worker = await stopLocalWorker(cli.stateDir);
    await awaitExecutors(cli);
    const broker = await stopEmbeddedBroker({ folder: embeddedFolder(cli.stateDir) });
    if (sharedFlags(command).json) return writeJson(cli.stdout, { stopped: { worker, broker } });
    cli.stdout.write(worker ? 'stopped the worker\n' : 'no worker was running\n');
    cli.stdout.write(broker ? 'stopped Redis\n' : 'no Redis was running\n');
  });
}

/** apt is never stopped halfway: what an executor has begun is waited for. */
async function awaitExecutors(cli: Cli): Promise<void> {
  const { runningJobs } = await import('../executor/running-jobs.ts');
  let told = '';
  for (;;) {
    const jobs = (await runningJobs(cli.stateDir)).join(', ');
    if (jobs === '') return;
    if (jobs !== told) cli.stderr.write(`waiting for apt to end its work on ${jobs}\n`);
    told = jobs;
    await sleep(200);
  }
}
