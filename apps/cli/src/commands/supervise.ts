/**
 * `thv supervise`, which nobody types: the process behind a workload. It serves like `thv run -f`,
 * with log files for a terminal and a control socket for a keyboard.
 */
import type { ProtectedServerConfig, RunningServer } from '@thv/compose';
import { savedCatalogue } from '../catalogue/choose-catalogue.ts';
import { CliError, toReadyError, toStartError } from '../cli-error.ts';
import { codeOf } from '../error-code.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { clean, createLog } from '../log.ts';
import { renderError } from '../output/error-text.ts';
import { PLAIN } from '../output/screen.ts';
import { assertAuditIsKept } from '../services/audit-config.ts';
import { planRun, type ServePlan } from '../services/run-options.ts';
import { loadStartProtectedServer, type Services } from '../services/services.ts';
import { openControlServer, type WorkloadReport } from '../workloads/control-channel.ts';
import type { Order } from '../workloads/hand-over.ts';
import { noteStopped } from '../workloads/note-stopped.ts';
import { openParentChannel } from '../workloads/parent-channel.ts';
import { createRotatingLog } from '../workloads/rotating-log.ts';
import { toArguments } from '../workloads/saved-run.ts';
import { createServerProcesses } from '../workloads/server-processes.ts';
import { createServerState } from '../workloads/server-state.ts';
import { parseRunArguments } from './run-arguments.ts';
import { createConfig } from './serve.ts';

const LINES_KEPT = 20;

/** Serves until it is told to stop. */
export async function supervise(io: Io, services: Services): Promise<ExitCode> {
  const terminated = io.termination();
  const channel = await openParentChannel();
  const { order } = channel;
  const journal = openJournal(order.proxyLog);
  try {
    return await serve({ order, channel, journal, terminated }, io, services);
  } catch (error) {
    const failure = toStartError(error, {
      ...{ what: order.run.name, portFlag: '--proxy-port' },
      ranBefore: order.lastPort !== undefined,
    });
    const { what, why, wayOut, exitCode } = failure;
    journal.write(renderError(failure, PLAIN));
    await channel.report({
      ...{ type: 'failed', what, why, wayOut, exitCode },
      lines: journal.last(),
    });
    return failure.exitCode;
  } finally {
    journal.close();
  }
}

interface Supervision {
  readonly order: Order;
  readonly channel: Awaited<ReturnType<typeof openParentChannel>>;
  readonly journal: Journal;
  readonly terminated: Promise<string>;
}

async function serve(
  { order, channel, journal, terminated }: Supervision,
  io: Io,
  services: Services,
): Promise<ExitCode> {
  const { run, values, token, mark, socket } = order;
  const { server, serverArgs, flags } = parseRunArguments(toArguments(run, values), io);
  const log = createLog({ err: journal.write, stderr: PLAIN }, flags);
  const { env, cwd } = io;
  const catalogue = savedCatalogue(run);
  const plan = planRun({ server, serverArgs, flags, userName: io.userName(), env, cwd, catalogue });
  const state = createServerState();
  const serverLog = openServerLog(order.serverLog);
  const processes = createServerProcesses(order.serverProcesses);
  const stopAsked = Promise.withResolvers<'told to stop'>();
  let running: RunningServer | undefined;
  let phase: 'starting' | 'serving' | 'stopping' = 'starting';

  const report = async (): Promise<WorkloadReport> => {
    const { restarts } = state;
    if (phase !== 'serving' || running === undefined) {
      const status = phase === 'stopping' ? 'stopping' : 'starting';
      return { status, detail: null, health: 'not ready', restarts };
    }
    const health = await running.health();
    const { trouble } = state;
    if (trouble !== undefined) {
      const status = trouble.isFinal ? 'error' : 'unhealthy';
      return { status, detail: clean(trouble.why), health, restarts };
    }
    return health === 'not ready'
      ? { status: 'unhealthy', detail: UNREACHABLE, health, restarts }
      : { status: 'running', detail: null, health, restarts };
  };

  const control = await openControlServer(run.name, {
    ...{ path: socket, token, mark, status: report },
    stop: () => stopAsked.resolve('told to stop'),
    values: () => values,
  });
  const ended = Promise.race([
    terminated.then(() => 'terminated' as const),
    stopAsked.promise,
    channel.adopted.then((adopted) =>
      // Never the winner once adopted.
      adopted ? new Promise<never>(() => undefined) : ('deserted' as const),
    ),
  ]);
  // What is installed or read before the server starts may take long.
  const unlessEnded = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([
      work,
      ended.then((why): never => {
        throw new CliError({ exitCode: EXIT.failed, what: run.name, why: `it was ${why}` });
      }),
    ]);
  try {
    for (const message of plan.warnings) {
      log({ level: 'warn', message });
    }
    const config: ProtectedServerConfig = {
      ...withRestartDelay(await unlessEnded(createConfig(plan, io, log)), env),
      providerMustAnswer: true,
      serverLog: (line) => serverLog.write(clean(line)),
      onServerEvent: (event) => {
        state.hear(event);
        if (event.type === 'process-started') {
          processes.add(event.pid);
        }
      },
    };
    assertAuditIsKept(config.audit);
    const start = await loadStartProtectedServer(services);
    running = await startOnLastPort(start, config, order.lastPort);
    const ready = running.ready.then(
      () => 'ready' as const,
      (error: unknown) => {
        const context = { what: run.name, portFlag: '--proxy-port' };
        throw toReadyError(error, { ...context, provider: providerOf(plan) });
      },
    );
    const first = await Promise.race([ended, ready]);
    if (first === 'ready') {
      phase = 'serving';
      log({ level: 'info', message: `ready at ${running.url}` });
      await channel.report({ type: 'ready', url: running.url, port: running.port });
    }
    const why = await ended;
    log({ level: 'info', message: 'stopping' });
    phase = 'stopping';
    await running.close();
    running = undefined;
    if (why === 'terminated') {
      await noteStopped({ name: run.name, mark, env, log });
    }
    return EXIT.done;
  } finally {
    await running?.close();
    await processes.clear();
    await control.close();
    serverLog.close();
  }
}

function providerOf({ signIn }: ServePlan): string {
  const [issuer] = signIn.kind === 'oidc' ? signIn.issuers : [];
  return issuer?.issuer ?? issuer?.jwksUrl ?? 'the provider';
}

const UNREACHABLE = 'the server or the provider cannot be reached';

type Start = Awaited<ReturnType<typeof loadStartProtectedServer>>;

/** Clients have the URL in their configuration, so it changes only when it has to. */
async function startOnLastPort(
  start: Start,
  config: ProtectedServerConfig,
  lastPort: number | undefined,
): Promise<RunningServer> {
  const { listen, log } = config;
  if (lastPort === undefined || listen.port !== 0) {
    return start(config);
  }
  try {
    return await start({ ...config, listen: { ...listen, port: lastPort } });
  } catch (error) {
    if (codeOf(error) !== 'ERR_PROXY_LISTEN') {
      throw error;
    }
    log({ level: 'warn', message: `port ${lastPort} is taken by now; another one is used` });
    return start(config);
  }
}

/** For tests, which cannot wait for seconds: the first delay before a restart, in milliseconds. */
function withRestartDelay(config: ProtectedServerConfig, env: Io['env']): ProtectedServerConfig {
  const delay = Number(env['THV_TEST_RESTART_DELAY']);
  return config.upstream.kind === 'stdio' && delay > 0
    ? { ...config, upstream: { ...config.upstream, restart: { initialDelay: delay } } }
    : config;
}

interface Journal {
  /** Appends what a log says. */
  write(text: string): void;
  /** The last lines. */
  last(): readonly string[];
  close(): void;
}

function openJournal(path: string): Journal {
  const file = createRotatingLog({ path });
  const kept: string[] = [];
  return {
    write(text) {
      for (const line of text.trimEnd().split('\n')) {
        kept.push(line);
        if (kept.length > LINES_KEPT) {
          kept.shift();
        }
        file.write(line);
      }
    },
    last: () => [...kept],
    close: file.close,
  };
}

/** A server that is a URL, or never says anything, has no log. */
function openServerLog(path: string): { write(line: string): void; close(): void } {
  let file: ReturnType<typeof createRotatingLog> | undefined;
  return {
    write(line) {
      try {
        file ??= createRotatingLog({ path });
        file.write(line);
      } catch {
        // A full disk stops no server; the proxy log counts what it loses itself.
      }
    },
    close: () => file?.close(),
  };
}
