/** Runs one command line and says with which code the process ends. */
import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import { clean } from './log.ts';
import { createProgram } from './program.ts';
import type { Services } from './services/services.ts';
import { readFirstWords } from './strict-usage.ts';

/** Never rejects: every error becomes one line on stderr and an exit code. */
export async function main(
  args: readonly string[],
  io: Io,
  services: Services = {},
): Promise<ExitCode> {
  const { program, result } = createProgram(args, io, services);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return EXIT.done;
    }
    const words = readFirstWords(program, result.ownArgs);
    await program.parseAsync([...words], { from: 'user' });
    return result.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help that was asked for, or a command group without a command.
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    }
    const { renderError } = await import('./output/error-text.ts');
    if (error instanceof CliError) {
      io.err(renderError(error, io.stderr));
      return error.exitCode;
    }
    const why = error instanceof Error ? error.message : String(error);
    io.err(renderError({ what: 'internal error', why }, io.stderr));
    if (args.includes('--debug') && error instanceof Error) {
      const stack = (error.stack ?? '').split('\n');
      io.err(`${stack.map(clean).join('\n')}\n`);
    }
    return EXIT.failed;
  }
}
