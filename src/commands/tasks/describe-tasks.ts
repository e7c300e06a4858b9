import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import * as z from 'zod';
import { requireTask } from '../../fleet/prepare-run.ts';
import { TASKS } from '../../tasks/registry.ts';
import { operandsText, type Task } from '../../tasks/task.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeProperties } from '../../terminal/properties.ts';
import { writeTable, type Cell } from '../../terminal/table.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';

export function listTasks(cli: Cli, command: CommandUnknownOpts): void {
  if (sharedFlags(command).json) {
    const tasks = TASKS.map(({ name, summary, changesHost }) => ({ name, summary, changesHost }));
    writeJson(cli.stdout, { tasks });
    return;
  }
  const rows = TASKS.map(({ name, summary, changesHost }) => [name, changesHost ? 'yes' : 'no', summary]);
  writeTable(cli.stdout, { head: ['TASK', 'CHANGES HOST', 'WHAT IT DOES'], rows });
}

export function showTask(cli: Cli, command: CommandUnknownOpts, name: string): void {
  const task = requireTask(name);
  const { summary, changesHost, example } = task;
  if (sharedFlags(command).json) {
    const schemas = { args: z.toJSONSchema(task.args, { io: 'input' }), result: z.toJSONSchema(task.result) };
    writeJson(cli.stdout, { task: { name, summary, changesHost, example, ...schemas } });
    return;
  }
  writeProperties(cli.stdout, [
    ['task', name],
    ['what it does', summary],
    ['changes host', changesHost ? 'yes' : 'no'],
    ['example', example],
  ]);
  const rows = argumentRows(task);
  if (rows.length === 0) return;
  cli.stdout.write('\n');
  writeTable(cli.stdout, { head: ['ARGUMENT', 'TYPED AS', 'MEANING'], rows });
}

const argsSchema = z.object({
  properties: z.record(z.string(), z.object({ description: z.string().optional() })).default({}),
});

function argumentRows(task: Task): readonly (readonly Cell[])[] {
  const { properties } = argsSchema.parse(z.toJSONSchema(task.args, { io: 'input' }));
  const { operands, options } = task.commandLine;
  return Object.entries(properties).map(([key, { description = '' }]) => {
    const flag = options.find((option) => option.key === key);
    if (flag !== undefined) return [key, `--${flag.flag}`, description];
    return [key, operands?.key === key ? `<${operandsText(operands)}>` : '', description];
  });
}
