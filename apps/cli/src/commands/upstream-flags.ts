/** The flags about a server that is a URL: what it speaks, and what it is sent. */
import type { Command } from 'commander';
import { once, oneOf, repeated } from '../flag-parsers.ts';
import { TRANSPORTS } from '../services/flag-words.ts';

export function addUpstreamFlags(command: Command): Command {
  return command
    .optionsGroup('A server that is a URL:')
    .option(
      '--transport <transport>',
      'what it speaks: streamable-http (default), or sse for HTTP+SSE of 2024-11-05; images may speak stdio',
      oneOf('--transport', TRANSPORTS),
    )
    .option(
      '--remote-auth-bearer-token-file <file>',
      'token to send to it, and nowhere else; re-read when it changes',
      once('--remote-auth-bearer-token-file'),
    )
    .option(
      '--remote-forward-headers <NAME=VALUE>',
      'a header to send to it; a secret as NAME=file:FILE or NAME=env:VARIABLE (repeatable)',
      repeated('--remote-forward-headers'),
    )
    .option('--forward-token', "DANGEROUS: give it the callers' own tokens");
}
