/** What stands behind a container server: the engine, its image, and the end of every container. */
import { randomBytes } from 'node:crypto';
import type { ServerHost, UpstreamConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { engineEnvironment, passVariables } from './client-env.ts';
import { type Engine, findEngine } from './engine.ts';
import { refuseEnginePlaces } from './engine-places.ts';
import { explainExit } from './explain-exit.ts';
import { findFreePort, startListening } from './listening-container.ts';
import { describeOwner } from './owner.ts';
import { resolveProfile } from './permission-profile.ts';
import type { ContainerPlan } from './plan-container.ts';
import { provideImage } from './pull-image.ts';
import { OWNER_LABEL, type Reaper, removeRemains, startReaper, TOKEN_LABEL } from './remains.ts';
import { buildRunArgs } from './run-arguments.ts';
import { RUN_SCRIPT, SHELL } from './shell-scripts.ts';
import { checkVolumes, parseVolume } from './volumes.ts';

export interface ContainerServer {
  /** The server's name. */
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly plan: ContainerPlan;
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * Works out how a container is started; the engine is asked, and nothing is started or downloaded.
 *
 * @throws {CliError} when the engine or a volume is missing, or a flag cannot be used
 */
export async function resolveContainer(
  server: ContainerServer,
  io: Pick<Io, 'cwd' | 'env'>,
): Promise<Extract<UpstreamConfig, { readonly kind: 'hosted' }>> {
  const { plan, image, name } = server;
  const { targetPort, transport } = plan;
  const reach = await resolveProfile(
    { profile: plan.profile, fromCatalogue: plan.permissions, name },
    io.cwd,
  );
  if (!reach.network && transport !== 'stdio') {
    throw usageError(
      name,
      `listens for ${transport} and may not use the network`,
      'use --permission-profile network',
    );
  }
  const volumes = await checkVolumes([
    ...reach.volumes,
    ...plan.volumes.map((text) => parseVolume(text, io.cwd)),
  ]);
  const passed = passVariables(new Map([...ownVariables(plan), ...server.variables]));
  const engine = await findEngine(plan.engine, engineEnvironment(io.env));
  await refuseEnginePlaces(engine, volumes);
  const token = randomBytes(16).toString('hex');
  const publish =
    targetPort === undefined ? undefined : { hostPort: await findFreePort(), targetPort };
  const runArgs = buildRunArgs(engine, {
    image,
    args: server.args,
    interactive: transport === 'stdio',
    network: reach.network,
    writableRoot: reach.writableRoot,
    volumes,
    variables: passed.args,
    labels: {
      'thv.name': name,
      [OWNER_LABEL]: await describeOwner(),
      [TOKEN_LABEL]: token,
    },
    publish,
  });
  const command = {
    command: SHELL,
    args: [
      ...['-c', RUN_SCRIPT, 'thv-run', engine.program, containerName(name, token)],
      ...[...engine.removeArgs, '--', ...runArgs],
    ],
    env: { ...engine.env, ...passed.env },
    cwd: '/',
  };
  const label = `${engine.name} run ${image}`;
  const ends = createEnds(engine, image, token);
  const explain = (error: unknown) => explainExit(error, { engine, image, how: transport });
  if (publish === undefined) {
    return {
      kind: 'hosted',
      upstream: { kind: 'stdio', ...command, label },
      host: { ...ends, explain },
    };
  }
  const isSse = transport === 'sse';
  const url = `http://127.0.0.1:${publish.hostPort}${isSse ? '/sse' : '/mcp'}`;
  const host = startListening({
    ...command,
    label,
    url,
    explain: (reason) => explain(new Error(reason)),
  });
  return {
    kind: 'hosted',
    upstream: { kind: 'http', url, transport: isSse ? 'sse' : 'streamable-http' },
    host: {
      start: async (reports, stopping) => {
        await ends.start(reports, stopping);
        await host.start(reports, stopping);
      },
      close: async () => {
        await host.close();
        await ends.close();
      },
    },
  };
}

/** What happens before the first container and after the last one. */
function createEnds(engine: Engine, image: string, token: string): ServerHost {
  let reaper: Reaper | undefined;
  return {
    async start({ log }, stopping) {
      const remains = await removeRemains(engine);
      if (remains.length > 0) {
        log({
          level: 'warn',
          message: `removed ${remains.length} containers of a thv that was killed`,
        });
      }
      await provideImage(engine, image, {
        onPull: () => log({ level: 'info', message: `${engine.name} pulls ${image}` }),
        signal: stopping,
      });
      stopping.throwIfAborted();
      reaper ??= startReaper(engine, token);
    },
    async close() {
      await reaper?.reap();
    },
  };
}

/** What images that can do several things go by. */
function ownVariables({ transport, targetPort }: ContainerPlan): ReadonlyMap<string, string> {
  const port = String(targetPort ?? '');
  return new Map([
    ['MCP_TRANSPORT', transport],
    ...(targetPort === undefined
      ? []
      : ([
          ['MCP_PORT', port],
          ['FASTMCP_PORT', port],
          ['MCP_HOST', '0.0.0.0'],
        ] as const)),
  ]);
}

/** For people who list containers; what is removed is chosen by the token. */
function containerName(name: string, token: string): string {
  return `thv-${name.slice(0, 40)}-${token.slice(0, 8)}`;
}
