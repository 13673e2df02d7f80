/** Runs one command inside the test: the real command without a process. */
import type { Io } from '../src/io.ts';
import { main } from '../src/main.ts';
import { NO_PROGRESS } from '../src/output/progress.ts';
import { PLAIN, type Screen } from '../src/output/screen.ts';
import type { KeyStore } from '../src/secrets/key-store.ts';

export interface RunMainOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly screen?: Screen;
  readonly input?: string;
  /** What is typed, one text per question. Default: there is no terminal. */
  readonly typed?: readonly string[];
  /** Default: there is none. */
  readonly keyStore?: KeyStore;
}

/** An outside without a terminal, and what it was told. */
export function createIo({
  env = {},
  cwd = '/',
  screen = PLAIN,
  input = '',
  typed,
  keyStore,
}: RunMainOptions = {}): {
  readonly io: Io;
  readonly said: { out: string; err: string };
} {
  const said = { out: '', err: '' };
  const answers = typed === undefined ? undefined : [...typed];
  const io: Io = {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    stdout: screen,
    stderr: screen,
    progress: () => NO_PROGRESS,
    cwd,
    env,
    input: async () => input,
    ...(answers !== undefined && { askHidden: async () => answers.shift() ?? '' }),
    ...(keyStore !== undefined && { keyStore }),
    userName: () => 'ann',
    termination: () => new Promise<never>(() => undefined),
  };
  return { io, said };
}

export async function runMain(
  args: readonly string[],
  options: RunMainOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const { io, said } = createIo(options);
  return { code: await main(args, io), ...said };
}
