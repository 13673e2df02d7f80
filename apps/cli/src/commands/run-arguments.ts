/** Reads a command line of `thv run`, and what was typed on it, without running anything. */
import { Command } from 'commander';
import type { Io } from '../io.ts';
import { makeStrict } from '../strict-usage.ts';
import type { TypedFlags } from '../workloads/saved-run.ts';
import type { RunArguments } from './run.ts';
import { addRunFlags } from './run-flags.ts';

/** @throws {CliError} with exit code 2 for what is no command line of `thv run`. */
export function parseRunArguments(args: readonly string[], io: Io): RunArguments {
  const at = args.indexOf('--');
  const [own, serverArgs] = at < 0 ? [args, undefined] : [args.slice(0, at), args.slice(at + 1)];
  const program = new Command('thv').option('--debug').option('--quiet');
  const command = addRunFlags(program.command('run'));
  const typed = recordFlags(command);
  makeStrict(program, io);
  let parsed: RunArguments | undefined;
  command.action((server: string | undefined) => {
    const flags = command.optsWithGlobals<RunArguments['flags']>();
    parsed = { server, serverArgs, flags, typed: typed() };
  });
  program.parse(['run', ...own], { from: 'user' });
  if (parsed === undefined) {
    throw new Error('the command line was not parsed');
  }
  return parsed;
}

/** Listens to a command being parsed; returns what was typed so far. */
export function recordFlags(command: Command): () => TypedFlags {
  const typed: (readonly [string, string | true])[] = [];
  for (const listened of [command, command.parent]) {
    for (const option of listened?.options ?? []) {
      const flag = option.long?.replace(/^--/, '') ?? option.name();
      // Commander's own way of hearing of options, before their values are read.
      listened?.on(`option:${option.name()}`, (value: string | null | undefined) => {
        typed.push([flag, value ?? true]);
      });
    }
  }
  return () => [...typed];
}
