/** Turns a checked SERVER argument into the upstream that the proxy starts or forwards to. */

import type { UpstreamConfig } from '@thv/compose';
import { resolveContainer } from '../containers/container-host.ts';
import type { Io } from '../io.ts';
import { buildChildEnv } from './child-env.ts';
import { resolveNpxCommand } from './npx-package.ts';
import type { ServePlan } from './run-options.ts';
import { readServerVariables } from './server-variables.ts';
import { resolveUvxCommand } from './uvx-package.ts';

export async function resolveUpstream(
  plan: Pick<ServePlan, 'name' | 'server' | 'variables' | 'upstream' | 'container'>,
  io: Pick<Io, 'cwd' | 'env' | 'askHidden'>,
): Promise<UpstreamConfig> {
  const { server } = plan;
  if (server.kind === 'url') {
    return { kind: 'http', url: server.url, ...plan.upstream };
  }
  const variables = await readServerVariables(plan.variables, io);
  if (server.kind === 'container') {
    // Safe: a container without one is never planned.
    const container = plan.container!;
    return resolveContainer({ ...server, name: plan.name, plan: container, variables }, io);
  }
  const { command, args } = await resolveCommand(server, io);
  return { kind: 'stdio', command, args, env: buildChildEnv(io.env, variables), cwd: io.cwd };
}

function resolveCommand(
  server: Exclude<ServePlan['server'], { readonly kind: 'url' | 'container' }>,
  { cwd, env }: Pick<Io, 'cwd' | 'env'>,
) {
  switch (server.kind) {
    case 'npx':
      return resolveNpxCommand(server, cwd);
    case 'uvx':
      return resolveUvxCommand(server, env['PATH']);
    case 'command':
      return server;
    default:
      return server satisfies never;
  }
}
