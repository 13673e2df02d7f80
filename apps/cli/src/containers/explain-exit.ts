/** Says in terms of containers why one did not serve. Pure. */
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Engine } from './engine.ts';

interface Container {
  readonly engine: Engine;
  readonly image: string;
  /** How it should speak. */
  readonly how: string;
}

/** Exit codes of `run` that are the engine's own. */
const OWN_CODES: Readonly<Record<string, string>> = {
  '125': 'could not be created',
  '126': 'could not be started',
  '127': 'could not be started',
  '137': 'was killed; it may have needed more than 1 GiB',
};

/** Anything that is not about the end of a container stays as it is. */
export function explainExit(error: unknown, { engine, image, how }: Container): unknown {
  const message = error instanceof Error ? error.message : '';
  const code = /exited with code (\d+)/.exec(message)?.[1];
  const isSilent = /answer/.test(message) && code === undefined;
  if (code === undefined && !isSilent) {
    return error;
  }
  return new CliError({
    exitCode: EXIT.failed,
    what: image,
    why:
      code === undefined
        ? `the container runs and does not answer as ${how}`
        : `the container ${OWN_CODES[code] ?? `ended with code ${code} before it could serve`}`,
    wayOut: `${wayOut(code)} by hand: ${engine.name} run --rm -it ${image}`,
    cause: error,
  });
}

function wayOut(code: string | undefined): string {
  return code === undefined
    ? 'check --transport and --target-port, or try it'
    : 'look at what it has said above, if anything, or try it';
}
