/** Bad usage is told in one line with a suggestion; commander itself prints nothing but help. */
import type { Command, CommanderError } from 'commander';
import { usageError } from './cli-error.ts';
import { helpWidth } from './help-style.ts';
import type { Io } from './io.ts';
import { didYouMean } from './suggest.ts';

/** Makes a command and all below it refuse what they do not know. */
export function makeStrict(command: Command, io: Io): void {
  command
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: () => undefined,
      getOutHelpWidth: () => helpWidth(io.stdout.columns),
      getErrHelpWidth: () => helpWidth(io.stderr.columns),
      getOutHasColors: () => io.stdout.colour,
      getErrHasColors: () => io.stderr.colour,
    })
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
    .exitOverride((error) => {
      throw toUsageError(command, error);
    });
  for (const child of command.commands) {
    makeStrict(child, io);
  }
}

function toUsageError(command: Command, error: CommanderError): Error {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownOption': {
      // What follows the "=" may be a secret.
      const flag = quoted.split('=')[0] ?? quoted;
      if (flag !== quoted && flagsOf(command).includes(flag)) {
        return usageError(flag, 'takes no value', 'write it alone, or leave it out');
      }
      return usageError(
        flag,
        'no such flag',
        didYouMean(flag, flagsOf(command)) ?? launcherHint(command) ?? helpHint(command),
      );
    }
    case 'commander.unknownCommand':
      return unknownCommand(command, quoted);
    case 'commander.excessArguments':
      return usageError(
        command.name(),
        'too many arguments',
        launcherHint(command) ??
          (command.name() === 'run' ? "put the server's own after --" : helpHint(command)),
      );
    case 'commander.optionMissingArgument':
      return usageError(quoted.split(/[ ,|]/).at(-2) ?? quoted, 'needs a value', helpHint(command));
    default:
      return error.code.startsWith('commander.help')
        ? error
        : usageError(command.name(), error.message.replace(/^error: /, ''), helpHint(command));
  }
}

/**
 * What people type into every program, in our words: `help COMMAND` as `COMMAND --help`, and `--version`
 * as `version`. Commander would answer `help` for what is no command with the help for everything.
 */
export function readFirstWords(program: Command, args: readonly string[]): readonly string[] {
  const [first, ...topics] = args;
  if (args.length === 1 && (first === '--version' || first === '-V')) {
    return ['version'];
  }
  if (first !== 'help') {
    return args;
  }
  let command = program;
  for (const topic of topics.filter((text) => !text.startsWith('-'))) {
    const child = command.commands.find((one) => [one.name(), ...one.aliases()].includes(topic));
    if (child === undefined) {
      throw unknownCommand(command, topic);
    }
    command = child;
  }
  return [...topics, '--help'];
}

function unknownCommand(command: Command, name: string): Error {
  const known = command.commands.map((child) => child.name());
  return usageError(name, 'no such command', didYouMean(name, known) ?? helpHint(command));
}

const LAUNCHERS: readonly string[] = [
  ...['node', 'npx', 'npm', 'pnpm', 'bun', 'bunx', 'deno', 'tsx'],
  ...['uv', 'uvx', 'python', 'python3', 'docker', 'podman', 'sh', 'bash'],
];

/** For `thv run` and a command as it is typed into a shell. */
function launcherHint(command: Command): string | undefined {
  const [first = ''] = command.name() === 'run' ? command.args : [];
  return LAUNCHERS.includes(first)
    ? `a command stands after --: thv run --name NAME -- ${first} …`
    : undefined;
}

function flagsOf(command: Command): string[] {
  const own = command.options.map((option) => option.long ?? '').filter((long) => long !== '');
  return command.parent === null ? [...own, '--help'] : [...own, ...flagsOf(command.parent)];
}

function helpHint(command: Command): string {
  const path: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) {
    path.unshift(at.name());
  }
  return `see ${path.join(' ')} --help`;
}
