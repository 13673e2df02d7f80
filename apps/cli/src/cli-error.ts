/** An error that the user sees as one line: `thv: <what>: <why>; <way out>`. */
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface CliErrorOptions {
  readonly exitCode: ExitCode;
  /** What did not work, for example the flag. */
  readonly what: string;
  /** Why; never a secret. */
  readonly why: string;
  /** What the user can do. */
  readonly wayOut?: string | undefined;
  readonly cause?: unknown;
}

/** The only error that reaches the user as it is; anything else is an internal one. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: ExitCode;

  constructor({ exitCode, what, why, wayOut, cause }: CliErrorOptions) {
    super(`${what}: ${why}${wayOut === undefined ? '' : `; ${wayOut}`}`, { cause });
    this.exitCode = exitCode;
  }
}

/** Bad usage or configuration. */
export function usageError(what: string, why: string, wayOut?: string): CliError {
  return new CliError({ exitCode: EXIT.usage, what, why, wayOut });
}

/** Errors about a configuration file carry the stamp of the package that read it. */
const CONFIGURATION_STAMPS = ['@thv/authz.error', '@thv/oidc.error'].map((name) =>
  Symbol.for(name),
);

/** Turns whatever starting a server threw into a {@link CliError}. */
export function toStartError(error: unknown, portFlag = '--proxy-port'): CliError {
  if (error instanceof CliError) {
    return error;
  }
  const why = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE' || code === 'EACCES') {
    return new CliError({
      exitCode: EXIT.failed,
      what: 'cannot listen',
      why: code === 'EADDRINUSE' ? 'the port is in use' : 'the port is not allowed',
      wayOut: `choose another ${portFlag}, or 0 for a free one`,
      cause: error,
    });
  }
  const isConfiguration =
    error instanceof Error && CONFIGURATION_STAMPS.some((stamp) => Object.hasOwn(error, stamp));
  return new CliError({
    exitCode: isConfiguration ? EXIT.usage : EXIT.failed,
    what: isConfiguration ? 'bad configuration' : 'cannot start',
    why,
    cause: error,
  });
}
