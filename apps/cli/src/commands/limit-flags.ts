/** The flags that limit how often callers may ask. */
import type { Command } from 'commander';
import { once } from '../flag-parsers.ts';

export function addLimitFlags(command: Command): Command {
  return command
    .optionsGroup('Limits:')
    .option(
      '--rate-limit <requests/time>',
      'requests of one identity, as 600/1m (default: no limit)',
      once('--rate-limit'),
    )
    .option(
      '--failed-sign-in-limit <requests/time>',
      'refused sign-ins of one address, or none (default: 600/1m)',
      once('--failed-sign-in-limit'),
    );
}
