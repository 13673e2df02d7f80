/** The flags about timeouts, sessions and processes of a server. */
import type { Command } from 'commander';
import { duration, oneOf } from '../flag-parsers.ts';
import { ISOLATIONS } from '../services/flag-words.ts';

const SECONDS_OF_DAY = 86_400;
const MOST_DAYS = 30;

export function addServingFlags(command: Command): Command {
  return command
    .option(
      '--request-timeout <duration>',
      'longest silence of the server before a request is given up (default: 60s)',
      duration('--request-timeout', SECONDS_OF_DAY),
    )
    .option(
      '--session-ttl <duration>',
      'forget sessions that nobody has used for so long (default: 2h)',
      duration('--session-ttl', MOST_DAYS * SECONDS_OF_DAY),
    )
    .option('--stateless', 'the server is a URL that knows only POST; GET and DELETE get 405');
}

/** Only servers that thv starts have processes. */
export function addProcessFlags(command: Command): Command {
  return command.option(
    '--stdio-isolation <kind>',
    'shared: one process for everybody (default); session: one for each session',
    oneOf('--stdio-isolation', ISOLATIONS),
  );
}
