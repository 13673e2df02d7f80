/** Completion for bash 3.2 and newer, without further packages. Pure. */
import { type CommandModel, namesWithValue, type Values } from './command-model.ts';
import { renderValueCases } from './shell-cases.ts';

/** The script; everything but the names of servers is in it, so that a Tab starts no process. */
export function renderBash(commands: readonly CommandModel[]): string {
  return `# Completion of thv for bash. Load it with:  source <(thv completion bash)
_thv_command() {
  subs= flags= valued=
  case $1 in
${commands.map(renderCommand).join('\n')}
  esac
}

_thv_values() {
  case $1 in
${commands.flatMap((command) => renderValueCases(command, callFor)).join('\n')}
  esac
}

_thv() {
  local at=thv expect= count=0 glued= i word subs flags valued
  local cur=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  _thv_command thv
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # The shell breaks words at these; what follows belongs to the word before.
    case $word in
      = | :) glued=$word; continue ;;
    esac
    if [[ $glued == : ]]; then glued=; continue; fi
    glued=
    if [[ -n $expect ]]; then expect=; continue; fi
    case $word in
      --) compopt -o default 2>/dev/null; return ;;
      -*) [[ " $valued " == *" $word "* ]] && expect=$word ;;
      *)
        if [[ $count == 0 && " $subs " == *" $word "* ]]; then
          at="$at $word"
          _thv_command "$at"
        else
          count=$((count + 1))
        fi
        ;;
    esac
  done
  if [[ $glued == : || $cur == : ]]; then return; fi
  if [[ $cur == = ]]; then cur=; fi
  if [[ -n $expect ]]; then
    _thv_values "$at $expect"
  elif [[ $cur == -* ]]; then
    _thv_words "$flags"
  else
    _thv_values "$at $count"
    if [[ $count == 0 ]]; then _thv_words "$subs"; fi
  fi
}

_thv_words() { COMPREPLY+=($(compgen -W "$1" -- "$cur")); }
_thv_workloads() { _thv_words "$(thv __workloads 2>/dev/null)"; }
_thv_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$cur"))
}

complete -F _thv thv
`;
}

function renderCommand({ path, commands, flags }: CommandModel): string {
  const names = commands.map(({ name }) => name).join(' ');
  const all = flags.flatMap((flag) => flag.names).join(' ');
  const valued = namesWithValue(flags).join(' ');
  return `    '${path}') subs='${names}' flags='${all}' valued='${valued}' ;;`;
}

function callFor(values: Values): string | undefined {
  switch (values.kind) {
    case 'words':
      return `_thv_words '${values.words.join(' ')}'`;
    case 'files':
      return '_thv_files';
    case 'workloads':
      return '_thv_workloads';
    case 'anything':
      return undefined;
    default:
      return values satisfies never;
  }
}
