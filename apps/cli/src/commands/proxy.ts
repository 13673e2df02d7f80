/** `thv proxy`: the same chain as `thv run`, before a server that somebody else runs. */
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type ProxyFlags, planProxy } from '../services/run-options.ts';
import type { Services } from '../services/services.ts';
import type { Format, GlobalFlags } from './command-host.ts';
import { serveInForeground } from './serve.ts';

export interface ProxyArguments {
  readonly name: string;
  readonly flags: ProxyFlags & GlobalFlags & { readonly format?: Format };
}

export async function proxyServer(
  { name, flags }: ProxyArguments,
  io: Io,
  services: Services,
): Promise<ExitCode> {
  const { env, cwd } = io;
  const plan = planProxy({ name, flags, userName: io.userName(), env, cwd });
  return serveInForeground(plan, { io, services, flags });
}
