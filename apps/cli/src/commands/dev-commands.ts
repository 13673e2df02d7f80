/** `thv dev …`: the names and flags of the helpers for development. */
import type { Command } from 'commander';
import { oneOf, port } from '../flag-parsers.ts';
import { type CommandHost, exampleText, FORMATS } from './command-host.ts';
import type { DevIdpFlags } from './dev-idp.ts';

export function addDevCommands(program: Command, { io, finish }: CommandHost): void {
  const dev = program.command('dev').description('helpers for development; never for production');
  dev
    .command('idp')
    .description('run an OpenID provider on this machine that issues tokens with any claims')
    .option('--port <port>', 'port to listen on; 0 takes a free one', port('--port'))
    .option('--alg <algorithm>', 'RS256 or ES256', oneOf('--alg', ['RS256', 'ES256']))
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv dev idp --port 9000'))
    .action(async (_own: unknown, command: Command) => {
      const { runDevIdp } = await import('./dev-idp.ts');
      finish(await runDevIdp(command.optsWithGlobals<DevIdpFlags>(), io));
    });
}
