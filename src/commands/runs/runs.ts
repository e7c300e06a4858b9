import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { addSendFlags } from '../run-flags.ts';

const RUN = 'id of the run, its beginning, or latest';

export function runsCommand(cli: Cli): CommandUnknownOpts {
  return new Command('runs')
    .description('what was sent to hosts, and what became of it')
    .addHelpText('after', examples('celeroot runs ls', 'celeroot runs show latest'))
    .addCommand(lsCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(logsCommand(cli))
    .addCommand(pauseCommand(cli))
    .addCommand(resumeCommand(cli))
    .addCommand(cancelCommand(cli))
    .addCommand(retryCommand(cli))
    .addCommand(signCommand(cli));
}

function lsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('ls')
    .alias('list')
    .description('list the newest runs, and orders that hosts refused')
    .option('--limit <count>', 'how many of each', '20')
    .addHelpText('after', examples('celeroot runs ls', 'celeroot runs ls --limit 100 --json'))
    .action(async ({ limit }) => {
      const { listRuns } = await import('./list-runs.ts');
      await listRuns(cli, command, limit);
    });
  return command;
}

function showCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('show')
    .description('show a run: each of its hosts, or the plans of a dry run')
    .argument('<run>', RUN)
    .option('--host <name>', 'everything about this host')
    .option('--follow', 'watch until it ends')
    .addHelpText('after', examples('celeroot runs show latest', 'celeroot runs show 01J9 --follow'))
    .action(async (word, { host, follow = false }) => {
      const { showStoredRun } = await import('./show-stored-run.ts');
      await showStoredRun(cli, command, { word, host: host ?? null, follow });
    });
  return command;
}

function logsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('logs')
    .description('print what programs wrote on the hosts')
    .argument('<run>', RUN)
    .option('--host <name>', 'of this host only')
    .addHelpText('after', examples('celeroot runs logs latest', 'celeroot runs logs 01J9 --host web1'))
    .action(async (word, { host }) => {
      const { printLogs } = await import('./print-logs.ts');
      await printLogs(cli, command, { word, host: host ?? null });
    });
  return command;
}

function pauseCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('pause')
    .description('pause a roll-out: what has begun is finished, no other host has its turn')
    .argument('<run>', RUN)
    .addHelpText('after', examples('celeroot runs pause latest'))
    .action(async (word) => {
      const { pauseRun } = await import('./steer-run.ts');
      await pauseRun(cli, command, word);
    });
  return command;
}

function resumeCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('resume')
    .description('go on with a roll-out that stopped, was paused, or that nobody drives any more, and follow it')
    .argument('<run>', RUN)
    .option('--wait', 'follow it to the end, also for hosts that are offline')
    .addHelpText('after', examples('celeroot runs resume latest'))
    .action(async (word, { wait = false }) => {
      const { resumeRun } = await import('./steer-run.ts');
      await resumeRun(cli, command, { word, wait });
    });
  return command;
}

function cancelCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('cancel')
    .description('cancel a run: what has begun stops where that is safe, what has not never begins')
    .argument('<run>', RUN)
    .addHelpText('after', examples('celeroot runs cancel latest'))
    .action(async (word) => {
      const { cancelStoredRun } = await import('./cancel-stored-run.ts');
      await cancelStoredRun(cli, command, word);
    });
  return command;
}

function retryCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('retry')
    .description('do it again on the hosts that failed, refused, expired, were cancelled or fell silent')
    .argument('<run>', RUN)
    .option('--failed', 'only those hosts, which is what it does anyway');
  addSendFlags(command);
  return command.addHelpText('after', examples('celeroot runs retry latest')).action(async () => {
    const { repeatRun } = await import('./repeat-run.ts');
    const { readSendFlags } = await import('../read-run-flags.ts');
    const { prepareRetry } = await import('../../fleet/repeat-run.ts');
    await repeatRun(cli, command, { prepare: prepareRetry, flags: readSendFlags(command.opts()) });
  });
}

function signCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('sign')
    .description('look at what another operator has signed with --second-signer, sign it too and send it')
    .argument('<file>', 'the file that was written')
    .option('--detach', 'do not follow the run')
    .option('--wait', 'follow it to the end, also for hosts that are offline')
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('celeroot runs sign 01J9Z3K4M5N6P7Q8R9S0T1V2W3.run.json'))
    .action(async (file, { detach = false, wait = false, yes = false }) => {
      const { signWaitingRun } = await import('./sign-run.ts');
      await signWaitingRun(cli, command, { file, detach, wait, yes });
    });
  return command;
}
