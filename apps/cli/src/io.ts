/** The command's only way to the outside: streams, environment, signals. Tests pass their own. */
import { userInfo } from 'node:os';
import { text as readText } from 'node:stream/consumers';
import { type Progress, startProgress } from './output/progress.ts';
import { readScreen, type Screen } from './output/screen.ts';

export interface Io {
  /** Writes data to stdout. */
  out(text: string): void;
  /** Writes logs and notices to stderr. */
  err(text: string): void;
  /** Where data is shown. */
  readonly stdout: Screen;
  /** Where logs and errors are shown. */
  readonly stderr: Screen;
  /** A line on stderr while something takes longer than a second; nothing without a terminal. */
  progress(text: string): Progress;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of stdin; nothing when stdin is a terminal, where nobody would know to type. */
  input(): Promise<string>;
  /** Name of the operating system's user, the subject when nobody has to sign in. */
  userName(): string;
  /** Resolves at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
  termination(): Promise<string>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The real thing. `exitNow` is called when the user insists on stopping. */
export function createProcessIo(exitNow: () => void): Io {
  // The reader of a pipe has gone: `thv … | head` is not an error to talk about.
  process.stdout.on('error', exitNow);
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    stdout: readScreen(process.stdout, process.env),
    stderr: readScreen(process.stderr, process.env),
    progress: (text) => startProgress(text, { stream: process.stderr, env: process.env }),
    cwd: process.cwd(),
    env: process.env,
    input: async () => (process.stdin.isTTY ? '' : readText(process.stdin)),
    userName() {
      try {
        return userInfo().username;
      } catch {
        // Containers run under ids that have no entry in the user database.
        return `uid-${process.getuid?.() ?? 'unknown'}`;
      }
    },
    termination: () =>
      new Promise((resolve) => {
        let asked = false;
        for (const name of SIGNALS) {
          process.on(name, () => {
            if (asked) {
              exitNow();
            }
            asked = true;
            resolve(name);
          });
        }
      }),
  };
}
