import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { createApp } from '../../src/commands/app.ts';
import { processContext, processStderr } from '../../src/commands/context.ts';

/** docs/commands.md: the help of every command, as the program prints it on 100 columns. */
export async function renderCommands(): Promise<string> {
  const cli = { ...processContext(processStderr()), exitWith: () => undefined };
  const app = await createApp(cli, { withTasks: true, json: false });
  const commands = leaves(app).toSorted((one, other) => (pathOf(one) < pathOf(other) ? -1 : 1));
  return `# Commands

The grammar is noun, then verb. \`--config FILE\` and \`--json\` work everywhere and may stand anywhere on the line.
Exit codes have [a page of their own](exit-codes.md).

${commands.map((command) => `- [\`${pathOf(command)}\`](#${pathOf(command).replaceAll(' ', '-')})`).join('\n')}

${commands.map(renderCommand).join('\n')}`;
}

/** Commands that do something; a group such as \`runs\` that only holds others is shown by what it holds. */
function leaves(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
  const below = visible.flatMap(leaves);
  const isGroup = visible.length > 0 && command.registeredArguments.length === 0;
  return isGroup ? below : [command, ...below];
}

function pathOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function renderCommand(command: CommandUnknownOpts): string {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return `## ${pathOf(command)}\n\n\`\`\`\n${help.trimEnd()}\n\`\`\`\n`;
}
