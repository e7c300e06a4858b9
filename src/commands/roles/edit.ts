import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../../core/errors.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Cli } from '../context.ts';
import { celerootFor, editFleet, shownPath } from '../edit-fleet.ts';
import { collect, examples, sharedFlags } from '../flags.ts';
import { readConcurrency } from './read-concurrency.ts';

export function editCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('edit')
    .description('change a role in the configuration')
    .argument('<name>', 'name of the role')
    .option('--add-queue <queue>', 'serve this queue too (repeatable)', collect)
    .option('--remove-queue <queue>', 'serve this queue no more (repeatable)', collect)
    .option('--add-task <task>', 'allow this task or group (repeatable)', collect)
    .option('--remove-task <task>', 'take this task or group off its list (repeatable)', collect)
    .option('--add-exclude <package>', 'never touch this package in upgrades (repeatable)', collect)
    .option('--remove-exclude <package>', 'upgrade this package again (repeatable)', collect)
    .option('--concurrency <count>', 'jobs a host does at once for it')
    .option('--description <text>', 'one line for people; empty: none')
    .addHelpText('after', examples('celeroot roles edit webserver --add-exclude linux-image-* --concurrency 2'));
  return command.action(async (name, flags) => {
    if (Object.keys(command.opts()).length === 0) {
      throw new UsageError('USAGE', `nothing to change of role ${name}`, { hint: 'see  celeroot roles edit --help' });
    }
    const { changeRole } = await import('../../config/role-edits.ts');
    const { requireKnownTasks } = await import('../../fleet/unknown-tasks.ts');
    const change = {
      queues: { add: flags.addQueue ?? [], remove: flags.removeQueue ?? [] },
      tasks: { add: flags.addTask ?? [], remove: flags.removeTask ?? [] },
      exclude: { add: flags.addExclude ?? [], remove: flags.removeExclude ?? [] },
      concurrency: readConcurrency(flags.concurrency),
      description: flags.description,
    };
    const { before, after } = await editFleet(cli, command, (config) => {
      const edits = changeRole(config, name, change);
      requireKnownTasks(change.tasks.add);
      return edits;
    });
    const changed = JSON.stringify([...before.roles.values()]) !== JSON.stringify([...after.roles.values()]);
    const role = [...after.roles.values()].find((each) => each.name === name);
    if (sharedFlags(command).json) return writeJson(cli.stdout, { file: after.file, changed, role });
    const file = shownPath(cli, after.file);
    if (!changed) return cli.stdout.write(`role ${name} is so already in ${file}; nothing is changed\n`);
    cli.stdout.write(`changed role ${name} in ${file}\n`);
    cli.stdout.write(
      `Workers of its hosts learn of it from new worker files: ${celerootFor(command)} hosts worker-file HOST\n`,
    );
  });
}
