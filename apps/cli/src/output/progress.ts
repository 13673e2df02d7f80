/** A line on the terminal that says what takes so long. */
import { beforeEnd } from '../before-end.ts';
import { clean } from '../log.ts';
import type { ShownStream } from './screen.ts';

export interface Progress {
  /** Says what is going on now. */
  update(text: string): void;
  /** Takes the line away. */
  stop(): void;
}

/** For files, pipes, and people who want quiet. */
export const NO_PROGRESS: Progress = { update: () => undefined, stop: () => undefined };

/** Where progress is shown. */
export interface ProgressOptions {
  readonly stream: NodeJS.WriteStream & ShownStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which people begin to wonder. Default 1000. */
  readonly patience?: number;
}

/** The mark, a space, and the last column, which some terminals leave only at the next character. */
const TAKEN = 3;

/**
 * Shows the text once people begin to wonder. Whatever is written to stdout or stderr meanwhile takes the
 * place of the line, and the line follows below it. Without a terminal nothing is shown.
 */
export function startProgress(
  text: string,
  { stream, env, patience = 1000 }: ProgressOptions,
): Progress {
  if (stream.isTTY !== true || env['TERM'] === 'dumb' || env['CI'] !== undefined) {
    return NO_PROGRESS;
  }
  let current = text;
  let line: { show(text: string): void; stop(): void } | undefined;
  let stopped = false;
  const show = async (): Promise<void> => {
    const [{ default: createSpinner }, { cutTo }] = await Promise.all([
      import('yocto-spinner'),
      import('./text-width.ts'),
    ]);
    if (stopped) {
      return;
    }
    const fit = (wanted: string): string => cutTo(clean(wanted), (stream.columns || 80) - TAKEN);
    // Signals are the command's: Ctrl-C stops a server, not only the line.
    const spinner = createSpinner({ text: fit(current), stream, handleSignals: false }).start();
    line = {
      show: (wanted) => {
        spinner.text = fit(wanted);
      },
      stop: () => void spinner.stop(),
    };
  };
  const timer = setTimeout(() => void show(), patience);
  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
    forget();
    line?.stop();
  };
  // A process that ends in between must not leave the terminal without its cursor.
  const forget = beforeEnd(stop);
  return {
    update(wanted) {
      current = wanted;
      line?.show(wanted);
    },
    stop,
  };
}

/** Where progress is shown, and whether at all. */
export interface ProgressHost {
  readonly io: { progress(text: string): Progress };
  readonly quiet?: boolean | undefined;
}

/** Does the work with a progress line beside it, which is gone before the result is used. */
export async function withProgress<T>(
  { io, quiet }: ProgressHost,
  text: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const progress = quiet === true ? NO_PROGRESS : io.progress(text);
  try {
    return await work(progress);
  } finally {
    progress.stop();
  }
}
