import { withDescendants, type CommandNode, type OptionNode } from '../command-tree.ts';

/** What names something on a command line: of the fleet's file, of the registry of tasks, or of the file system. */
export type Values = 'hosts' | 'roles' | 'schedules' | 'tasks' | 'files';

export type CompletedOption = OptionNode & {
  /** Null when only the user can know what to type. */
  readonly values: Values | null;
};

/** What may follow on a line that has got as far as `path`. */
export type CompletedCommand = {
  readonly path: string;
  readonly children: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletedOption[];
  /** What its first argument names. */
  readonly values: Values | null;
};

export function completionTable(root: CommandNode): readonly CompletedCommand[] {
  const shared = root.options.filter(({ names }) => !names.includes('--version') && !names.includes('--help'));
  return withDescendants(root).map((node) => ({
    path: node.path,
    children: node.children.map(({ name, summary }) => ({ name, summary })),
    options: [...node.options, ...(node === root ? [] : shared)].map((option) => ({
      ...option,
      values: optionValues(option),
    })),
    values: argumentValues(node),
  }));
}

/** The full names of all tasks, which are the commands below `celeroot run`. */
export function taskNames(root: CommandNode): readonly string[] {
  return root.children.find(({ name }) => name === 'run')?.children.map(({ name }) => name) ?? [];
}

function optionValues({ term }: OptionNode): Values | null {
  if (/<role>/.test(term)) return 'roles';
  if (/^--(?:host|exclude) <name/.test(term)) return 'hosts';
  if (/<task>/.test(term)) return 'tasks';
  return /<file>/.test(term) ? 'files' : null;
}

/** Sections of the fleet's file that are nouns on the command line too. */
const NAMED = ['hosts', 'roles', 'schedules'] as const;

function argumentValues({ path, name, arguments: [first] }: CommandNode): Values | null {
  if (first === undefined || name === 'add') return null;
  if (first.name === 'file') return 'files';
  if (first.name === 'task') return 'tasks';
  if (first.name !== 'name' && first.name !== 'names') return null;
  const [, noun] = path.split(' ');
  return NAMED.find((each) => each === noun) ?? null;
}
