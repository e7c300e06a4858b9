import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';

export function tasksCommand(cli: Cli): CommandUnknownOpts {
  return new Command('tasks')
    .description('what celeroot can do on hosts')
    .addHelpText('after', examples('celeroot tasks ls', 'celeroot tasks show apt.install'))
    .addCommand(lsCommand(cli))
    .addCommand(showCommand(cli));
}

function lsCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('ls')
    .alias('list')
    .description('list the tasks')
    .addHelpText('after', examples('celeroot tasks ls', 'celeroot tasks ls --json'))
    .action(async () => {
      const { listTasks } = await import('./describe-tasks.ts');
      listTasks(cli, command);
    });
  return command;
}

function showCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('show')
    .description('show a task and its arguments')
    .argument('<task>', 'name of the task')
    .addHelpText('after', examples('celeroot tasks show apt.install'))
    .action(async (name) => {
      const { showTask } = await import('./describe-tasks.ts');
      showTask(cli, command, name);
    });
  return command;
}
