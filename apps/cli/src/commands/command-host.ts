/** What groups of commands need from the command tree. */
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';

export interface CommandHost {
  readonly io: Io;
  /** Says with which code the process ends. */
  readonly finish: (code: ExitCode) => void;
}

/** The last lines of a command's help. */
export function exampleText(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
