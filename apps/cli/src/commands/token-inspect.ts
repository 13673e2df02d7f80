/** `thv token inspect`: why a token is accepted or not. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { inspectSignIn } from '@thv/compose';
import { toStartError, usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { withProgress } from '../output/progress.ts';
import { renderTokenReport } from '../output/token-report.ts';
import { checkFiles } from '../services/input-files.ts';
import { isQuoted } from '../services/mcp-flags.ts';
import { hasProvider, type SignInFlags } from '../services/sign-in-flags.ts';
import { planOidc } from '../services/sign-in-options.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface TokenInspectArguments {
  /** A token, `-` for stdin, or nothing for stdin as well. */
  readonly token: string | undefined;
  readonly flags: SignInFlags & GlobalFlags & { readonly format?: Format };
}

type Inspection = Awaited<ReturnType<typeof inspectSignIn>>;

export async function inspectToken(
  { token: given, flags }: TokenInspectArguments,
  io: Io,
): Promise<ExitCode> {
  if (!hasProvider(flags)) {
    throw usageError(
      '--oidc-issuer',
      'missing: a token is good or bad for a provider',
      'add --oidc-issuer and --oidc-audience, as for thv run',
    );
  }
  const { signIn, warnings, files } = planOidc(flags, io);
  await checkFiles(files, io.cwd);
  const log = createLog(io, flags);
  for (const message of warnings) {
    log({ level: 'warn', message });
  }
  if (given !== undefined && given !== '-') {
    await assertNoFile(given, io.cwd);
    log({
      level: 'warn',
      message: 'process lists and the shell history show the token; use - and stdin',
    });
  }
  const token = readToken(given === undefined || given === '-' ? await io.input() : given);
  const { inspectSignIn: inspect } = await import('@thv/compose');
  const inspection = await withProgress({ io, quiet: flags.quiet }, 'asking the provider', () =>
    inspect(signIn, token),
  ).catch((error: unknown) => {
    throw toStartError(error, { what: 'token inspect', portFlag: '' });
  });
  const { format = 'text' } = flags;
  io.out(renderTokenReport(inspection, { token, format, screen: io.stdout }));
  return exitCodeOf(inspection);
}

/** Other commands take the file of a token. */
async function assertNoFile(given: string, cwd: string): Promise<void> {
  const found = await stat(resolve(cwd, given)).catch(() => undefined);
  if (found?.isFile() === true) {
    throw usageError(
      'token',
      `${given} is a file`,
      `give what it holds: thv token inspect - < ${given}`,
    );
  }
}

/** What people paste: a line, or the whole value of the Authorization header. */
function readToken(text: string): string {
  const token = text.trim().replace(/^bearer +/i, '');
  if (token === '') {
    throw usageError('token', 'there is none', 'give it as an argument, or through stdin');
  }
  if (isQuoted(token)) {
    throw usageError('token', 'it stands in quotes', 'leave them out');
  }
  return token;
}

/** Who could not ask the provider does not know whether the token is good. */
function exitCodeOf({ ok, providerUnreachable }: Inspection): ExitCode {
  if (providerUnreachable) {
    return EXIT.failed;
  }
  return ok ? EXIT.done : EXIT.findings;
}
