/** Completion for fish, with descriptions. Pure. */
import { type CommandModel, type FlagModel, namesWithValue, type Values } from './command-model.ts';

/** The script: one line per command, flag and argument, each with the place where it holds. */
export function renderFish(commands: readonly CommandModel[]): string {
  return `# Completion of thv for fish. Load it with:  thv completion fish | source
function __thv_command
    switch $argv[1]
${commands.map(renderWords).join('\n')}
    end
end

# Prints the command that is being typed and how many arguments it has so far.
function __thv_place
    set -l at thv
    set -l count 0
    set -l skip 0
    set -l known (__thv_command thv | string split '|')
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --
                echo "$at" server
                return
            case '-*'
                contains -- $word (string split ' ' -- $known[2]); and set skip 1
            case '*'
                if test $count = 0; and contains -- $word (string split ' ' -- $known[1])
                    set at "$at $word"
                    set known (__thv_command $at | string split '|')
                else
                    set count (math $count + 1)
                end
        end
    end
    echo "$at" $count
end

function __thv_at
    test (__thv_place | string replace -r ' \\S+$' '') = "$argv[1]"
end

function __thv_argument
    test (__thv_place) = "$argv[1]"
end

complete -c thv -f
${commands.flatMap(renderCommand).join('\n')}
`;
}

/** What may follow a command, and which of its flags take a value. */
function renderWords({ path, commands, flags }: CommandModel): string {
  const names = commands.map(({ name }) => name).join(' ');
  const valued = namesWithValue(flags).join(' ');
  return `        case ${quote(path)}\n            echo -s ${quote(names)} '|' ${quote(valued)}`;
}

function renderCommand(command: CommandModel): readonly string[] {
  const { path, commands, values, isRepeated } = command;
  return [
    ...commands.map(
      ({ name, description }) =>
        `complete -c thv -n ${quote(`__thv_argument ${quote(`${path} 0`)}`)} -a ${quote(name)} -d ${quote(description)}`,
    ),
    ...values.flatMap((value, at) => {
      const isRest = isRepeated && at === values.length - 1;
      const test = isRest ? `__thv_at ${quote(path)}` : `__thv_argument ${quote(`${path} ${at}`)}`;
      const offered = offer(value);
      return offered === '' ? [] : [`complete -c thv -n ${quote(test)}${offered}`];
    }),
    ...command.flags.map((flag) => renderFlag(path, flag)),
  ];
}

function renderFlag(path: string, { names, description, values }: FlagModel): string {
  const spelled = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const value =
    values === undefined ? '' : ` ${values.kind === 'files' ? '-r' : '-x'}${offer(values)}`;
  return `complete -c thv -n ${quote(`__thv_at ${quote(path)}`)} ${spelled.join(' ')}${value} -d ${quote(description)}`;
}

function offer(values: Values): string {
  switch (values.kind) {
    case 'words':
      return ` -a ${quote(values.words.join(' '))}`;
    case 'files':
      return ' -F';
    case 'workloads':
      return ` -a '(thv __workloads 2>/dev/null)'`;
    case 'anything':
      return '';
    default:
      return values satisfies never;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
