/** Serves a plan in the foreground: starts, prints, waits, and leaves nothing behind. */
import { resolve } from 'node:path';
import type { ProtectedServerConfig, RunningServer } from '@thv/compose';
import { CliError, toStartError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog, type Log } from '../log.ts';
import { withWayOut } from '../option-flags.ts';
import { NO_PROGRESS } from '../output/progress.ts';
import { renderRunSummary } from '../output/run-summary.ts';
import { readAuditConfig } from '../services/audit-config.ts';
import { checkFiles } from '../services/input-files.ts';
import type { ServePlan } from '../services/run-options.ts';
import { loadStartProtectedServer, type Services } from '../services/services.ts';
import { readToolChoice } from '../services/tools-override.ts';
import { resolveUpstream } from '../services/upstream.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface ServeContext {
  readonly io: Io;
  readonly services: Services;
  readonly flags: GlobalFlags & { readonly format?: Format };
}

const DEFAULT_READY_GRACE = 3000;

/** Serves until the user or the server ends it. */
export async function serveInForeground(
  plan: ServePlan,
  { io, services, flags }: ServeContext,
): Promise<ExitCode> {
  const log = createLog(io, flags);
  const config = await createConfig(plan, io, log);
  const terminated = io.termination();
  const progress = flags.quiet === true ? NO_PROGRESS : io.progress(waitingFor(config));
  const fail = (error: unknown): never => {
    throw toStartError(error, { what: plan.name, portFlag: '--proxy-port' });
  };
  let running: RunningServer | undefined;
  try {
    const start = await loadStartProtectedServer(services);
    running = await start(config).catch(fail);
    const { url } = running;
    return await attend(running, terminated, {
      log,
      fail,
      readyGrace: services.readyGrace ?? DEFAULT_READY_GRACE,
      print: () => {
        progress.stop();
        // Only now: a start that fails is told in one line.
        for (const message of plan.warnings) {
          log({ level: 'warn', message });
        }
        for (const message of plan.notices) {
          log({ level: 'info', message });
        }
        // Whoever reads an audit log expects nothing else there.
        const print = config.audit?.sink.kind === 'stdout' ? io.err : io.out;
        print(
          renderRunSummary(
            {
              name: plan.name,
              url,
              signIn: plan.signIn,
              policyFile: plan.authorizationFile,
            },
            { format: flags.format ?? 'text', screen: io.stdout },
          ),
        );
      },
    });
  } finally {
    progress.stop();
    await running?.close();
  }
}

/** What is worth waiting for; a package that is not there yet takes longest. */
function waitingFor({ name, upstream }: ProtectedServerConfig): string {
  return upstream.kind === 'stdio' && upstream.command === 'npx'
    ? `installing and starting ${upstream.args[1] ?? name}`
    : `waiting for ${name}`;
}

/** Reads what the plan names and says what to start. */
export async function createConfig(
  plan: ServePlan,
  io: Io,
  log: Log,
): Promise<ProtectedServerConfig> {
  const { name, listen, signIn, authorizationFile, allowedOrigins, allowedHosts } = plan;
  const { trustedProxies, limits } = plan;
  await checkFiles(plan.files, io.cwd);
  const file = authorizationFile === undefined ? undefined : resolve(io.cwd, authorizationFile);
  const tools = await readToolChoice(plan, io.cwd);
  const audit = plan.audit && (await readAuditConfig(plan.audit, name, io));
  return {
    name,
    listen,
    upstream: await resolveUpstream(plan, io),
    signIn,
    serving: plan.serving,
    ...(file !== undefined && { authorization: { file } }),
    ...(tools !== undefined && { tools }),
    ...(audit !== undefined && { audit }),
    ...(plan.telemetry !== undefined && { telemetry: plan.telemetry }),
    ...(allowedOrigins !== undefined && { allowedOrigins }),
    ...(allowedHosts !== undefined && { allowedHosts }),
    ...(trustedProxies !== undefined && { trustedProxies }),
    ...(limits !== undefined && { limits }),
    log: (event) => log({ ...event, message: withWayOut(event.message) }),
  };
}

interface AttendOptions {
  readonly log: Log;
  readonly fail: (error: unknown) => never;
  readonly readyGrace: number;
  readonly print: () => void;
}

/** Waits for the end. D13: a server whose provider is down is kept, and becomes ready later. */
async function attend(
  running: RunningServer,
  terminated: Promise<string>,
  { log, fail, readyGrace, print }: AttendOptions,
): Promise<ExitCode> {
  const ready = running.ready.then(() => 'ready' as const);
  const ended = Promise.race([
    terminated.then(() => 'terminated' as const),
    running.closed.then(() => 'closed' as const),
    // Never the winner when it succeeds; a failure ends the wait.
    ready.then(() => new Promise<never>(() => undefined)),
  ]);
  const first = await waitAtMost(readyGrace, Promise.race([ended, ready])).catch(fail);
  if (first === 'late') {
    log({ level: 'warn', message: 'not ready yet; it stays up and keeps trying' });
    ready.then(
      () => log({ level: 'info', message: 'ready' }),
      // Told by `ended`.
      () => undefined,
    );
  }
  if (first === 'ready' || first === 'late') {
    print();
  }
  if ((await ended.catch(fail)) === 'closed') {
    throw new CliError({
      exitCode: EXIT.failed,
      what: 'stopped',
      why: 'the server ended by itself',
      wayOut: 'see the lines above, or try --debug',
    });
  }
  log({ level: 'info', message: 'stopping' });
  return EXIT.done;
}

async function waitAtMost<T>(milliseconds: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolveLate) => {
    timer = setTimeout(() => resolveLate('late'), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
