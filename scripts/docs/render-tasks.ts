import * as z from 'zod';
import { TASKS } from '../../src/tasks/registry.ts';
import { operandsText, type Task } from '../../src/tasks/task.ts';

const objectSchema = z.looseObject({
  properties: z
    .record(z.string(), z.looseObject({ description: z.string().optional(), default: z.unknown().optional() }))
    .default({}),
  required: z.array(z.string()).default([]),
});

/** docs/tasks.md. */
export function renderTasks(): string {
  return `# Tasks

What a host can be asked to do. \`celeroot run TASK\` and the short form \`celeroot GROUP VERB\` are the same; only
\`audit.read\` and \`keys.rotate\`, which \`celeroot audit\` and \`celeroot keys rotate\` send, have no short form. Every task
takes the targets and flags of [\`celeroot run\`](commands.md), \`--dry-run\` and \`--json\` among them.

${TASKS.map(renderTask).join('\n')}`;
}

function renderTask(task: Task): string {
  const schema = objectSchema.parse(z.toJSONSchema(task.args, { io: 'input', unrepresentable: 'any' }));
  const rows = Object.entries(schema.properties).map(([key, field]) => {
    const fallback = field.default === undefined ? '' : ` Default: \`${JSON.stringify(field.default)}\`.`;
    return `| \`${key}\` | ${flagOf(task, key)} | ${schema.required.includes(key) ? 'yes' : ''} | ${field.description ?? ''}${fallback} |`;
  });
  const table =
    rows.length === 0
      ? 'No arguments.'
      : ['| argument | on the command line | required | |', '|---|---|---|---|', ...rows].join('\n');
  return `## ${task.name}

${task.summary}. ${task.changesHost ? 'May change the host.' : 'Changes no package.'}

    ${task.example}

${table}
`;
}

function flagOf(task: Task, key: string): string {
  const { operands, options } = task.commandLine;
  if (operands?.key === key) return `\`${operandsText(operands)}\``;
  const option = options.find((candidate) => candidate.key === key);
  if (option === undefined) return '';
  return option.type === 'boolean' ? `\`--${option.flag}\`` : `\`--${option.flag} ${option.placeholder ?? 'VALUE'}\``;
}
