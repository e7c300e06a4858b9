import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import { TASKS } from '../../tasks/registry.ts';
import type { Task } from '../../tasks/task.ts';
import type { Cli } from '../context.ts';
import { examples } from '../flags.ts';
import { taskCommand } from './task-command.ts';

/** `celeroot run TASK …`: every task of the registry under its full name. */
export function runCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('run')
    .description('do a task on hosts and follow it')
    .argument('[task]', 'name of the task; see  celeroot tasks ls')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', examples('celeroot run apt.install nginx --role webserver', 'celeroot run system.ping --all'))
    .action(async (name) => {
      if (name === undefined) return command.help({ error: true });
      if (name.startsWith('-')) throw noTaskBefore(name);
      const { requireTask } = await import('../../fleet/prepare-run.ts');
      requireTask(name);
    });
  for (const task of TASKS) command.addCommand(taskCommand(cli, task, task.name));
  return command;
}

/** The name of the task decides which flags there are, so it stands before them. */
function noTaskBefore(flag: string): UsageError {
  return new UsageError('USAGE', `no task given before ${flag}`, {
    hint: 'for example  celeroot run system.ping --all; see  celeroot tasks ls',
  });
}

/** The short forms, `celeroot apt install …`: a command for every group of tasks, with one below for each verb. */
export function taskGroupCommands(cli: Cli): readonly CommandUnknownOpts[] {
  const groups = Map.groupBy(
    TASKS.filter((task) => !NOUNS.has(splitName(task).group)),
    (task) => splitName(task).group,
  );
  return [...groups].map(([group, tasks]) => {
    const verbs = tasks.map((task) => splitName(task).verb);
    const command = new Command(group)
      .description(`short for  run ${group}.…: ${verbs.join(', ')}`)
      .addHelpText('after', examples(...tasks.map((task) => shortForm(task.example))));
    for (const task of tasks) command.addCommand(taskCommand(cli, task, splitName(task).verb));
    return command;
  });
}

/** Groups whose name is that of a command of its own; their tasks have no short form. */
const NOUNS: ReadonlySet<string> = new Set(['audit', 'keys']);

function splitName({ name }: Task): { readonly group: string; readonly verb: string } {
  const dot = name.indexOf('.');
  return { group: name.slice(0, dot), verb: name.slice(dot + 1) };
}

function shortForm(example: string): string {
  return example.replace(/^celeroot run ([a-z0-9-]+)\./, 'celeroot $1 ');
}
