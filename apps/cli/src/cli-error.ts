/** An error that the user sees as one line: `thv: <what>: <why>; <way out>`. */
import { codeOf } from './error-code.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { accountForNetwork } from './network-account.ts';
import { toFlagTerms } from './option-flags.ts';

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
  readonly what: string;
  readonly why: string;
  readonly wayOut: string | undefined;

  constructor({ exitCode, what, why, wayOut, cause }: CliErrorOptions) {
    super(`${what}: ${why}${wayOut === undefined ? '' : `; ${wayOut}`}`, { cause });
    this.exitCode = exitCode;
    this.what = what;
    this.why = why;
    this.wayOut = wayOut;
  }
}

/** Bad usage or configuration. */
export function usageError(what: string, why: string, wayOut?: string): CliError {
  return new CliError({ exitCode: EXIT.usage, what, why, wayOut });
}

export interface StartErrorContext {
  /** What was started. */
  readonly what: string;
  /** The flag that chooses the port. */
  readonly portFlag: string;
  /** The command that starts it takes no such flag: it ran before. */
  readonly ranBefore?: boolean;
}

/** Turns whatever starting a server threw into a {@link CliError}. */
export function toStartError(
  error: unknown,
  { what, portFlag, ranBefore = false }: StartErrorContext,
): CliError {
  if (error instanceof CliError) {
    return error;
  }
  const failed = (why: string, wayOut?: string) =>
    new CliError({ exitCode: EXIT.failed, what, why, wayOut, cause: error });
  const why = error instanceof Error ? error.message : String(error);
  const otherPort = ranBefore
    ? `see what uses it; for another port, thv rm ${what} and run it with another ${portFlag}`
    : `choose another ${portFlag}, or 0 for a free one`;
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return failed('the port is in use', otherPort);
    case 'EACCES':
      return failed('the port is not allowed', otherPort);
    case 'ERR_PROXY_LISTEN':
      return failed(why, otherPort);
    case 'ERR_PROXY_UPSTREAM_UNREACHABLE':
      return failed(...withReason(why, error));
    default:
      return isConfigurationError(error)
        ? new CliError({
            exitCode: EXIT.usage,
            what: 'bad configuration',
            ...toFlagTerms(why),
            cause: error,
          })
        : failed(why);
  }
}

/** A server at a URL that is not there is another matter than a process that ends. */
function withReason(why: string, error: unknown): readonly [why: string, wayOut: string] {
  const account = accountForNetwork(error);
  return account === undefined
    ? [why, 'check that the server works by itself']
    : [`${why}: ${account.why}`, account.wayOut];
}

/**
 * Turns what keeps a server that has been started from being ready into a {@link CliError}. The
 * configuration has been read by then: a provider that fails now cannot be asked (D13).
 */
export function toReadyError(
  error: unknown,
  { provider, ...context }: StartErrorContext & { readonly provider: string },
): CliError {
  if (!(error instanceof Error && Object.hasOwn(error, Symbol.for('@thv/oidc.error')))) {
    return toStartError(error, context);
  }
  const { why, wayOut } = toFlagTerms(error.message);
  return new CliError({
    exitCode: EXIT.failed,
    what: context.what,
    why: `sign-in is not ready: ${why}`,
    wayOut: wayOut ?? `check ${provider}; thv run -f would stay up and keep trying`,
    cause: error,
  });
}

/** Errors about a configuration file carry the stamp of the package that read it. */
const CONFIGURATION_STAMPS = ['@thv/authz.error', '@thv/oidc.error'].map((name) =>
  Symbol.for(name),
);

/** Our packages refuse an option with a `TypeError` that names it in quotes first. */
function isConfigurationError(error: unknown): boolean {
  return (
    error instanceof Error &&
    (CONFIGURATION_STAMPS.some((stamp) => Object.hasOwn(error, stamp)) ||
      (error instanceof TypeError && error.message.startsWith('"')))
  );
}
