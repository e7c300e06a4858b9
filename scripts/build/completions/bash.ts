import type { CommandNode } from '../command-tree.ts';
import { completionTable, taskNames, type CompletedCommand } from './completion-table.ts';
import { NAMES_OF_THE_FLEET } from './names-of-the-fleet.ts';

/** Completion for bash, which needs no bash-completion package to work. */
export function renderBashCompletion(root: CommandNode): string {
  const table = completionTable(root);
  return `# bash completion for celeroot; made from its command tree

${NAMES_OF_THE_FLEET}
_celeroot_values() {
  case $1 in
    hosts | roles | schedules) _celeroot_names "$1" "$2" ;;
    tasks) echo '${taskNames(root).join(' ')}' ;;
  esac
}

_celeroot() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  local path=celeroot config='' values='' children='' options='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ \${COMP_WORDS[i - 1]} == --config ]]; then config=$word; fi
    case "$path $word" in
      ${patterns(table.slice(1).map(({ path }) => path))}) path="$path $word" ;;
    esac
  done
  case "$path" in
${table.map(commandCase).join('\n')}
  esac
  case "$path $before" in
${valueCases(table)}
  esac
  if [[ $values == files ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$children $(_celeroot_values "$values" "$config")" -- "$current")
  fi
}

complete -F _celeroot celeroot
`;
}

function commandCase({ path, children, options, values }: CompletedCommand): string {
  const settings = [
    children.length > 0 ? `children='${children.map(({ name }) => name).join(' ')}'` : '',
    `options='${options.flatMap(({ names }) => names).join(' ')}'`,
    values === null ? '' : `values=${values}`,
  ];
  return `    '${path}') ${settings.filter((setting) => setting !== '').join(' ')} ;;`;
}

/** After an option that takes a value nothing but such a value may follow. */
function valueCases(table: readonly CompletedCommand[]): string {
  const taking = table.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .flatMap(({ names, values }) => names.map((name) => ({ line: `${path} ${name}`, values }))),
  );
  const grouped = Map.groupBy(taking, ({ values }) => values ?? '');
  return [...grouped]
    .map(([values, lines]) => {
      const what = `children='' options='' values=${values === '' ? "''" : values}`;
      return `    ${patterns(lines.map(({ line }) => line))}) ${what} ;;`;
    })
    .join('\n');
}

function patterns(lines: readonly string[]): string {
  return lines.map((line) => `'${line}'`).join(' | ');
}
