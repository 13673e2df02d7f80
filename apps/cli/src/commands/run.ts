/** `thv run`: starts a server, or goes before one that runs elsewhere. */
import { usageError } from '../cli-error.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Format, GlobalFlags } from '../program.ts';
import { planRun, type RunFlags } from '../services/run-options.ts';
import type { Services } from '../services/services.ts';
import { serveInForeground } from './serve.ts';

export interface RunArguments {
  readonly server: string | undefined;
  readonly serverArgs: readonly string[] | undefined;
  readonly flags: RunFlags & GlobalFlags & { readonly format?: Format };
}

export async function runServer(
  { server, serverArgs, flags }: RunArguments,
  io: Io,
  services: Services,
): Promise<ExitCode> {
  const { env, cwd } = io;
  const plan = planRun({ server, serverArgs, flags, userName: io.userName(), env, cwd });
  if (flags.foreground !== true) {
    throw usageError(
      'run',
      'running in the background is not available yet',
      'add -f to stay attached',
    );
  }
  return serveInForeground(plan, { io, services, flags });
}
