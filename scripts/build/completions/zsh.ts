import type { CommandNode } from '../command-tree.ts';
import { completionTable, taskNames, type CompletedCommand, type CompletedOption } from './completion-table.ts';
import { NAMES_OF_THE_FLEET } from './names-of-the-fleet.ts';

/** Completion for zsh, with what each command and option is for. */
export function renderZshCompletion(root: CommandNode): string {
  const table = completionTable(root);
  return `#compdef celeroot
# zsh completion for celeroot; made from its command tree

${NAMES_OF_THE_FLEET}
_celeroot_values() {
  local -a names
  case $1 in
    files) _files; return ;;
    hosts | roles | schedules) names=(\${(f)"$(_celeroot_names $1 $2)"}) ;;
    tasks) names=(${taskNames(root).join(' ')}) ;;
  esac
  (( $#names )) && compadd -a names
}

_celeroot() {
  local path_=celeroot config='' values='' taken='' word i
  local -a children options
  for (( i = 2; i < CURRENT; i++ )); do
    word=\${words[i]}
    [[ \${words[i - 1]} == --config ]] && config=$word
    case "$path_ $word" in
      (${table
        .slice(1)
        .map(({ path }) => quoted(path))
        .join(' | ')}) path_="$path_ $word" ;;
    esac
  done
  case "$path_" in
${table.map(commandCase).join('\n')}
  esac
  case "$path_ \${words[CURRENT - 1]}" in
${table.flatMap(valueCases).join('\n')}
  esac
  if [[ -n $taken ]]; then
    _celeroot_values "$values" "$config"
  elif [[ \${words[CURRENT]} == -* ]]; then
    _describe -t options option options
  else
    (( $#children )) && _describe -t commands command children
    _celeroot_values "$values" "$config"
  fi
}

_celeroot "$@"
`;
}

function commandCase({ path, children, options, values }: CompletedCommand): string {
  return `    (${quoted(path)})
      children=(${children.map(({ name, summary }) => described(name, summary)).join(' ')})
      options=(${options.flatMap((option) => option.names.map((name) => described(name, option.description))).join(' ')})
      values=${values ?? "''"} ;;`;
}

/** After an option that takes a value nothing but such a value may follow. */
function valueCases({ path, options }: CompletedCommand): readonly string[] {
  const lines = ({ names }: CompletedOption): string => names.map((name) => quoted(`${path} ${name}`)).join(' | ');
  return options
    .filter(({ takesValue }) => takesValue)
    .map((option) => `    (${lines(option)}) taken=1 values=${option.values ?? "''"} ;;`);
}

function described(name: string, what: string): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${what}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
