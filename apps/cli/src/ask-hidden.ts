/** Asks for a secret on the terminal. */
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

/** The question stands on stderr, since stdout is for data. */
export async function askHidden(question: string): Promise<string> {
  const { default: password } = await import('@inquirer/password');
  // The end of the input leaves the question open, and nothing else for the process to wait for.
  const end = new AbortController();
  const giveUp = () => end.abort();
  process.once('beforeExit', giveUp);
  try {
    return await password(
      { message: question, mask: '*', toggleMask: false },
      { output: process.stderr, signal: end.signal },
    );
  } catch (error) {
    // Ctrl-C, or the end of the input.
    throw new CliError({
      exitCode: EXIT.failed,
      what: 'question',
      why: 'was not answered',
      cause: error,
    });
  } finally {
    process.off('beforeExit', giveUp);
  }
}
