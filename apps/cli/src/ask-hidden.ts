/** Asks for a secret on the terminal. */
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

/** The question stands on stderr, since stdout is for data. */
export async function askHidden(question: string): Promise<string> {
  const { default: password } = await import('@inquirer/password');
  try {
    return await password(
      { message: question, mask: '*', toggleMask: false },
      { output: process.stderr },
    );
  } catch (error) {
    // Ctrl-C, or the end of the input.
    throw new CliError({
      exitCode: EXIT.failed,
      what: 'question',
      why: 'was not answered',
      cause: error,
    });
  }
}
