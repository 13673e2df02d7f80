/** What a stream shows: how wide its lines are, and whether in colour. */

export interface Screen {
  readonly colour: boolean;
  /** Columns of the terminal; undefined for files and pipes, which take lines of any length. */
  readonly columns: number | undefined;
}

/** A file or a pipe. */
export const PLAIN: Screen = { colour: false, columns: undefined };

/** The part of a stream that tells. */
export interface ShownStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const USUAL_COLUMNS = 80;

/**
 * Looks at a stream and the environment. `NO_COLOR` wins over `FORCE_COLOR`: colours that are missing
 * do less harm than codes in a file.
 */
export function readScreen(
  stream: ShownStream,
  env: Readonly<Record<string, string | undefined>>,
): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    colour: wantsColour(isTerminal, env),
    // A terminal that does not know its width says 0.
    columns: isTerminal ? stream.columns || USUAL_COLUMNS : undefined,
  };
}

function wantsColour(
  isTerminal: boolean,
  { NO_COLOR, FORCE_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (NO_COLOR) {
    return false;
  }
  if (FORCE_COLOR) {
    return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  }
  return isTerminal && TERM !== 'dumb';
}
