/** The command's only way to the outside: streams, environment, signals. Tests pass their own. */
import { userInfo } from 'node:os';
import { buffer as readBytes } from 'node:stream/consumers';
import { askHidden } from './ask-hidden.ts';
import { usageError } from './cli-error.ts';
import { decodeText } from './decode-text.ts';
import { type Progress, startProgress, withProgress } from './output/progress.ts';
import { readScreen, type Screen } from './output/screen.ts';
import type { KeyStore } from './secrets/key-store.ts';

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
  /** @throws {CliError} when it has been removed meanwhile. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of stdin; nothing when stdin is a terminal, where nobody would know to type. */
  input(): Promise<string>;
  /** Asks for something that nobody may see being typed; absent without a terminal. */
  readonly askHidden?: (question: string) => Promise<string>;
  /** Asks the key store of the operating system; absent where nobody may. */
  readonly keyStore?: KeyStore;
  /** Name of the operating system's user, the subject when nobody has to sign in. */
  userName(): string;
  /** Resolves at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
  termination(): Promise<string>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The real thing.
 *
 * @param exitNow is called when nobody can read what is printed, or with the signal by which the user
 * insists on stopping
 */
export function createProcessIo(exitNow: (signal?: NodeJS.Signals) => void): Io {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has gone: `thv … | head` is not an error to talk about.
    if (error.code !== 'EPIPE') {
      process.stderr.write(`thv: stdout: what it is for cannot be written there (${error.code})\n`);
    }
    exitNow();
  });
  // Nobody is left to be told.
  process.stderr.on('error', () => undefined);
  const progress: Io['progress'] = (text) =>
    startProgress(text, { stream: process.stderr, env: process.env });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    stdout: readScreen(process.stdout, process.env),
    stderr: readScreen(process.stderr, process.env),
    progress,
    get cwd() {
      return currentFolder();
    },
    env: process.env,
    input: async () =>
      process.stdin.isTTY
        ? ''
        : decodeText(await readBytes(process.stdin), 'stdin', 'what it holds'),
    ...(process.stdin.isTTY && process.stderr.isTTY && { askHidden }),
    keyStore: async (request) => {
      const { askKeyStore } = await import('./secrets/ask-key-store.ts');
      return withProgress({ io: { progress } }, 'waiting for the key store of this system', () =>
        askKeyStore(request, { env: process.env }),
      );
    },
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
              exitNow(name);
            }
            asked = true;
            resolve(name);
          });
        }
      }),
  };
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    throw usageError('working directory', 'it is not there any more', 'go to another one: cd');
  }
}
