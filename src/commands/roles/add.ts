import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor, editFleet, shownPath } from '../edit-fleet.ts';
import { collect, examples, sharedFlags } from '../flags.ts';
import { readConcurrency } from './read-concurrency.ts';

export function addCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('add')
    .description('add a role to the configuration')
    .argument('<name>', 'name of the role: lower-case letters, digits, hyphens and underscores')
    .option(
      '--queue <queue>',
      'a queue that any one of its hosts serves (repeatable); default: the role’s name',
      collect,
    )
    .option('--concurrency <count>', 'jobs a host does at once for it; default: 4')
    .option('--task <task>', 'a task or group its hosts may do, such as apt.* (repeatable); default: all', collect)
    .option('--exclude <package>', 'a package that upgrades never touch (repeatable)', collect)
    .option('--description <text>', 'one line for people')
    .addHelpText('after', examples('celeroot roles add webserver --task apt.* --concurrency 2'));
  return command.action(async (name, { queue = [], task = [], exclude = [], ...rest }) => {
    const { addRole } = await import('../../config/role-edits.ts');
    const { requireKnownTasks } = await import('../../fleet/unknown-tasks.ts');
    const concurrency = readConcurrency(rest.concurrency);
    const role = { queues: queue, tasks: task, exclude, concurrency, description: rest.description ?? null };
    const { after } = await editFleet(cli, command, (config) => {
      const edits = addRole(config, name, role);
      requireKnownTasks(task);
      return edits;
    });
    if (sharedFlags(command).json) {
      const added = [...after.roles.values()].find((each) => each.name === name);
      return writeJson(cli.stdout, { file: after.file, role: added });
    }
    cli.stdout.write(`added role ${name} to ${shownPath(cli, after.file)}\n`);
    cli.stdout.write(`Give it to a host with: ${celerootFor(command)} hosts edit HOST --add-role ${name}\n`);
  });
}
