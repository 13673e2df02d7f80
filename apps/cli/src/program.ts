/** The command tree. It knows names and flags; what a command does is loaded when it runs. */
import { Command, type CommanderError } from 'commander';
import { usageError } from './cli-error.ts';
import { type CommandHost, exampleText } from './commands/command-host.ts';
import type { DevIdpFlags } from './commands/dev-idp.ts';
import { addMcpCommands } from './commands/mcp-commands.ts';
import { addPolicyCommands } from './commands/policy-commands.ts';
import { addProxyFlags, addRunFlags } from './commands/run-flags.ts';
import { addSignInFlags } from './commands/sign-in-flags.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { once, oneOf, port } from './flag-parsers.ts';
import type { Io } from './io.ts';
import type { ProxyFlags, RunFlags } from './services/run-options.ts';
import type { Services } from './services/services.ts';
import type { SignInFlags } from './services/sign-in-flags.ts';
import { didYouMean } from './suggest.ts';

export const FORMATS = ['text', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export interface GlobalFlags {
  readonly debug?: true;
  readonly quiet?: true;
}

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
    .configureHelp({ showGlobalOptions: true });

  program
    .command('version')
    .description('print the version')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv version --format json'))
    .action(async ({ format = 'text' }: { readonly format?: Format }) => {
      const { printVersion } = await import('./commands/version.ts');
      result.exitCode = await printVersion(io, format);
    });

  addRunFlags(program.command('run')).action(
    async (server: string | undefined, _own: unknown, command: Command) => {
      const { runServer } = await import('./commands/run.ts');
      const flags = command.optsWithGlobals<RunFlags & GlobalFlags & { format?: Format }>();
      result.exitCode = await runServer({ server, serverArgs, flags }, io, services);
    },
  );

  addProxyFlags(program.command('proxy')).action(
    async (name: string, _own: unknown, command: Command) => {
      const { proxyServer } = await import('./commands/proxy.ts');
      const flags = command.optsWithGlobals<ProxyFlags & GlobalFlags & { format?: Format }>();
      result.exitCode = await proxyServer({ name, flags }, io, services);
    },
  );

  const host: CommandHost = {
    io,
    finish: (code) => {
      result.exitCode = code;
    },
  };
  addPolicyCommands(program, host);
  addMcpCommands(program, host);

  const token = program.command('token').description('helpers for access tokens');
  addSignInFlags(
    token
      .command('inspect')
      .description('make every check of a token and say what to do; exit code 3 if one fails')
      .argument('[token]', 'the token; - or nothing reads it from stdin'),
  )
    .optionsGroup('Output:')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText(
      'after',
      exampleText(
        'thv token inspect - --oidc-issuer http://127.0.0.1:9000 --oidc-audience my-server < token',
      ),
    )
    .action(async (given: string | undefined, _own: unknown, command: Command) => {
      const { inspectToken } = await import('./commands/token-inspect.ts');
      const flags = command.optsWithGlobals<SignInFlags & GlobalFlags & { format?: Format }>();
      result.exitCode = await inspectToken({ token: given, flags }, io);
    });

  const dev = program.command('dev').description('helpers for development; never for production');
  dev
    .command('idp')
    .description('run an OpenID provider on this machine that issues tokens with any claims')
    .option('--port <port>', 'port to listen on; 0 takes a free one', port('--port'))
    .option('--alg <algorithm>', 'RS256 or ES256', once('--alg'))
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv dev idp --port 9000'))
    .action(async (_own: unknown, command: Command) => {
      const { runDevIdp } = await import('./commands/dev-idp.ts');
      result.exitCode = await runDevIdp(command.optsWithGlobals<DevIdpFlags>(), io);
    });

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

/** Every usage error becomes one line with a suggestion; commander itself prints nothing but help. */
function makeStrict(command: Command, io: Io): void {
  command
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: () => undefined,
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
      return usageError(
        flag,
        'no such flag',
        didYouMean(flag, flagsOf(command)) ?? helpHint(command),
      );
    }
    case 'commander.unknownCommand':
      return usageError(
        quoted,
        'no such command',
        didYouMean(
          quoted,
          command.commands.map((child) => child.name()),
        ) ?? helpHint(command),
      );
    case 'commander.excessArguments':
      return usageError(
        command.name(),
        'too many arguments',
        command.name() === 'run' ? "put the server's own after --" : helpHint(command),
      );
    case 'commander.optionMissingArgument':
      return usageError(quoted.split(/[ ,|]/).at(-2) ?? quoted, 'needs a value', helpHint(command));
    default:
      return error.code.startsWith('commander.help')
        ? error
        : usageError(command.name(), error.message.replace(/^error: /, ''), helpHint(command));
  }
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
