/** Turns a checked SERVER argument into the upstream that the proxy starts or forwards to. */

import type { UpstreamConfig } from '@thv/compose';
import type { Io } from '../io.ts';
import { buildChildEnv } from './child-env.ts';
import { resolveNpxCommand } from './npx-package.ts';
import type { ServePlan } from './run-options.ts';

export async function resolveUpstream(
  { server, env: declared }: Pick<ServePlan, 'server' | 'env'>,
  { cwd, env: own }: Pick<Io, 'cwd' | 'env'>,
): Promise<UpstreamConfig> {
  switch (server.kind) {
    case 'url':
      return { kind: 'http', url: server.url };
    case 'npx': {
      const { command, args } = await resolveNpxCommand(server, cwd);
      return { kind: 'stdio', command, args, env: buildChildEnv(own, declared), cwd };
    }
    case 'command': {
      const { command, args } = server;
      return { kind: 'stdio', command, args, env: buildChildEnv(own, declared), cwd };
    }
    default:
      return server satisfies never;
  }
}
