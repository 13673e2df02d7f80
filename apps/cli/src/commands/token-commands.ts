/** `thv token …`: the names and flags of the helpers for access tokens. */
import type { Command } from 'commander';
import { oneOf } from '../flag-parsers.ts';
import { type CommandHost, exampleText, FORMATS } from './command-host.ts';
import { addSignInFlags } from './sign-in-flags.ts';
import type { TokenInspectArguments } from './token-inspect.ts';

export function addTokenCommands(program: Command, { io, finish }: CommandHost): void {
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
        'thv token inspect - < token \\',
        '  --oidc-issuer http://127.0.0.1:9000 --oidc-audience my-server',
      ),
    )
    .action(async (given: string | undefined, _own: unknown, command: Command) => {
      const { inspectToken } = await import('./token-inspect.ts');
      const flags = command.optsWithGlobals<TokenInspectArguments['flags']>();
      finish(await inspectToken({ token: given, flags }, io));
    });
}
