/** The flags that say which running server is asked, and as whom. */
import type { Command } from 'commander';
import { once, repeated } from '../flag-parsers.ts';

export function addServerFlags(command: Command): Command {
  return command
    .optionsGroup('The server:')
    .option(
      '--server <URL|NAME>',
      "URL of a running server's MCP endpoint, or a name of thv list",
      once('--server'),
    )
    .option('--token-file <file>', 'file with the token to send; - is stdin', once('--token-file'))
    .option('--token <token>', 'the token itself; process lists show it', once('--token'))
    .option('--header <NAME=VALUE>', 'a header to send along (repeatable)', repeated('--header'));
}
