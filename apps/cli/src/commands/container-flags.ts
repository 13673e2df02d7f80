/** The flags of `thv run` about container images. */
import type { Command } from 'commander';
import { ENGINES } from '../containers/engine.ts';
import { once, oneOf, port, repeated } from '../flag-parsers.ts';

export function addContainerFlags(command: Command): Command {
  return command
    .optionsGroup('Container images:')
    .option(
      '--engine <engine>',
      'podman or docker (default: what answers)',
      oneOf('--engine', ENGINES),
    )
    .option(
      '--target-port <port>',
      'where the server listens inside; without it, it speaks over stdio',
      port('--target-port'),
    )
    .option(
      '--volume <HOST:CONTAINER[:ro]>',
      'a file or folder that the server sees (repeatable)',
      repeated('--volume'),
    )
    .option(
      '--permission-profile <profile>',
      'none, network (default) or a JSON file',
      once('--permission-profile'),
    );
}
