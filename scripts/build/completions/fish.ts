import type { CommandNode } from '../command-tree.ts';
import { completionTable, taskNames, type CompletedCommand, type CompletedOption } from './completion-table.ts';

/** Completion for fish, with what each command and option is for. */
export function renderFishCompletion(root: CommandNode): string {
  const table = completionTable(root);
  const paths = table.slice(1).map(({ path }) => quoted(path));
  return `# fish completion for celeroot; made from its command tree

function __celeroot_at --argument-names wanted
    set -l path celeroot
    for word in (commandline -opc)[2..-1]
        contains -- "$path $word" ${paths.join(' ')}
        and set path "$path $word"
    end
    test "$path" = "$wanted"
end

function __celeroot_names --argument-names section
    celeroot config show 2>/dev/null | sed -n "/^$section:/,/^[a-z]/s/^  \\([a-z0-9][a-z0-9._-]*\\):.*/\\1/p"
end

complete -c celeroot -f
${table.flatMap((command) => commandLines(command, taskNames(root))).join('\n')}
`;
}

function commandLines(command: CompletedCommand, tasks: readonly string[]): readonly string[] {
  const start = `complete -c celeroot -n ${quoted(`__celeroot_at '${command.path}'`)}`;
  return [
    ...command.children.map(({ name, summary }) => `${start} -a ${name} -d ${quoted(summary)}`),
    ...command.options.map((option) => `${start} ${optionWords(option, tasks)}`),
    ...(command.values === null ? [] : [`${start} ${valueWords(command.values, tasks)}`]),
  ];
}

function optionWords(option: CompletedOption, tasks: readonly string[]): string {
  const names = option.names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const values = option.values === null ? [] : [valueWords(option.values, tasks)];
  return [...names, ...(option.takesValue ? ['-r'] : []), ...values, '-d', quoted(option.description)].join(' ');
}

function valueWords(values: NonNullable<CompletedOption['values']>, tasks: readonly string[]): string {
  switch (values) {
    case 'files':
      return '-F';
    case 'tasks':
      return `-a ${quoted(tasks.join(' '))}`;
    case 'hosts':
    case 'roles':
    case 'schedules':
      return `-a '(__celeroot_names ${values})'`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
