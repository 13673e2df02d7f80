/** Completion for zsh, with descriptions. Pure. */
import { type CommandModel, namesWithValue, type Values } from './command-model.ts';
import { renderValueCases } from './shell-cases.ts';

/** The script; it works when it is sourced, and as a file `_thv` in a folder of `$fpath`. */
export function renderZsh(commands: readonly CommandModel[]): string {
  return `#compdef thv
# Completion of thv for zsh. Load it after compinit with:  source <(thv completion zsh)
_thv_command() {
  subs=() flags=() valued=()
  case $1 in
${commands.map(renderCommand).join('\n')}
  esac
}

_thv_values() {
  case $1 in
${commands.flatMap((command) => renderValueCases(command, callFor)).join('\n')}
  esac
}

_thv_words() { compadd -- "$@"; }
_thv_workloads() { compadd -- \${(f)"$(thv __workloads 2>/dev/null)"}; }

_thv() {
  local at=thv expect= count=0 i word
  local -a subs flags valued names
  _thv_command thv
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $expect ]]; then expect=; continue; fi
    names=(\${subs%%:*})
    case $word in
      --) _normal; return ;;
      -*) (( $valued[(Ie)$word] )) && expect=$word ;;
      *)
        if (( count == 0 && $names[(Ie)$word] )); then
          at="$at $word"
          _thv_command "$at"
        else
          (( count++ ))
        fi
        ;;
    esac
  done
  word=$words[CURRENT]
  if [[ -z $expect && $word == --*=* ]]; then
    expect=\${word%%=*}
    compset -P '*='
  fi
  if [[ -n $expect ]]; then
    _thv_values "$at $expect"
  elif [[ $word == -* ]]; then
    _describe -o flag flags
  else
    _thv_values "$at $count"
    if (( $#subs && count == 0 )); then _describe command subs; fi
  fi
}

if [[ $funcstack[1] == _thv ]]; then
  _thv "$@"
else
  compdef _thv thv
fi
`;
}

function renderCommand({ path, commands, flags }: CommandModel): string {
  const subs = commands.map(({ name, description }) => described(name, description)).join(' ');
  const all = flags.flatMap(({ names, description }) =>
    names.map((name) => described(name, description)),
  );
  return `    '${path}')
      subs=(${subs})
      flags=(${all.join(' ')})
      valued=(${namesWithValue(flags).join(' ')})
      ;;`;
}

/** `name:description`. */
function described(name: string, description: string): string {
  return `'${`${name}:${description}`.replaceAll("'", "'\\''")}'`;
}

function callFor(values: Values): string | undefined {
  switch (values.kind) {
    case 'words':
      return `_thv_words ${values.words.join(' ')}`;
    case 'files':
      return '_files';
    case 'workloads':
      return '_thv_workloads';
    case 'anything':
      return undefined;
    default:
      return values satisfies never;
  }
}
