/** The command tree: one line per group. What a command does is loaded when it runs. */
import { Command } from 'commander';
import { addClientCommands } from './commands/client-commands.ts';
import type { CommandHost } from './commands/command-host.ts';
import { addCompletionCommands } from './commands/completion-commands.ts';
import { addConfigCommands } from './commands/config-commands.ts';
import { addDevCommands } from './commands/dev-commands.ts';
import { addMcpCommands } from './commands/mcp-commands.ts';
import { addPolicyCommands } from './commands/policy-commands.ts';
import { addSecretCommands } from './commands/secret-commands.ts';
import { addServeCommands } from './commands/serve-commands.ts';
import { addTokenCommands } from './commands/token-commands.ts';
import { addVersionCommand } from './commands/version-command.ts';
import { addWorkloadCommands } from './commands/workload-commands.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { groupCommands, HELP_STYLE } from './help-style.ts';
import type { Io } from './io.ts';
import type { Services } from './services/services.ts';
import { makeStrict } from './strict-usage.ts';

/** In the order in which help shows them. */
const GROUPS: readonly ((program: Command, host: CommandHost) => void)[] = [
  addServeCommands,
  addWorkloadCommands,
  addPolicyCommands,
  addMcpCommands,
  addTokenCommands,
  addSecretCommands,
  addConfigCommands,
  addClientCommands,
  addDevCommands,
  addCompletionCommands,
  addVersionCommand,
];

interface ParsedProgram {
  readonly program: Command;
  readonly result: {
    /** The arguments without those that belong to the server's command. */
    readonly ownArgs: readonly string[];
    exitCode: ExitCode;
  };
}

/** Creates the command tree for one command line. */
export function createProgram(args: readonly string[], io: Io, services: Services): ParsedProgram {
  const { ownArgs, serverArgs } = splitServerArgs(args);
  const result: ParsedProgram['result'] = { ownArgs, exitCode: EXIT.done };
  const program = new Command('thv')
    .description('Puts sign-in and Cedar policies in front of any MCP server.')
    .option('--debug', 'log everything')
    .option('--quiet', 'log warnings and errors only')
    .helpOption('-h, --help', 'show this help')
    .configureHelp(HELP_STYLE);
  const host: CommandHost = {
    io,
    services,
    serverArgs,
    finish: (code) => {
      result.exitCode = code;
    },
  };
  for (const addGroup of GROUPS) {
    addGroup(program, host);
  }
  groupCommands(program);
  makeStrict(program, io);
  return { program, result };
}

/** For `run`, everything after the first `--` belongs to the server. */
function splitServerArgs(args: readonly string[]): {
  readonly ownArgs: readonly string[];
  readonly serverArgs: readonly string[] | undefined;
} {
  const at = args.indexOf('--');
  const own = args.slice(0, at < 0 ? args.length : at);
  const isRun = own.find((arg) => !arg.startsWith('-')) === 'run';
  return at >= 0 && isRun
    ? { ownArgs: own, serverArgs: args.slice(at + 1) }
    : { ownArgs: args, serverArgs: undefined };
}
