/** What groups of commands need from the command tree. */
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Services } from '../services/services.ts';

export const FORMATS = ['text', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** The flags that every command has. */
export interface GlobalFlags {
  readonly debug?: true;
  readonly quiet?: true;
}

export interface CommandHost {
  readonly io: Io;
  readonly services: Services;
  /** What stands after `--` on the command line of `thv run`, if that was given. */
  readonly serverArgs: readonly string[] | undefined;
  /** Says with which code the process ends. */
  readonly finish: (code: ExitCode) => void;
}

/** The last lines of a command's help. */
export function exampleText(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
