/** `thv run`: plans, starts, prints, waits, and leaves nothing behind. */
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ProtectedServerConfig, RunningServer } from '@thv/compose';
import { CliError, toStartError, usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog, type Log } from '../log.ts';
import { renderRunSummary } from '../output/run-summary.ts';
import type { Format, GlobalFlags } from '../program.ts';
import { planRun, type RunFlags, type RunPlan } from '../services/run-options.ts';
import { loadStartProtectedServer, type Services } from '../services/services.ts';
import { resolveUpstream } from '../services/upstream.ts';

export interface RunArguments {
  readonly server: string | undefined;
  readonly serverArgs: readonly string[] | undefined;
  readonly flags: RunFlags & GlobalFlags & { readonly format?: Format };
}

const DEFAULT_READY_GRACE = 3000;

export async function runServer(
  { server, serverArgs, flags }: RunArguments,
  io: Io,
  services: Services,
): Promise<ExitCode> {
  const plan = planRun({ server, serverArgs, flags, userName: io.userName() });
  if (flags.foreground !== true) {
    throw usageError(
      'run',
      'running in the background is not available yet',
      'add -f to stay attached',
    );
  }
  const log = createLog(io, flags);
  const config = await createConfig(plan, io, log);
  for (const message of plan.warnings) {
    log({ level: 'warn', message });
  }
  for (const message of plan.notices) {
    log({ level: 'info', message });
  }
  const terminated = io.termination();
  const start = await loadStartProtectedServer(services);
  const fail = (error: unknown): never => {
    throw toStartError(error, { what: plan.name, portFlag: '--proxy-port' });
  };
  const running = await start(config).catch(fail);
  try {
    return await attend(running, terminated, {
      log,
      fail,
      readyGrace: services.readyGrace ?? DEFAULT_READY_GRACE,
      print: () =>
        io.out(
          renderRunSummary(
            {
              name: plan.name,
              url: running.url,
              signIn: plan.signIn,
              policyFile: plan.authorizationFile,
            },
            flags.format ?? 'text',
          ),
        ),
    });
  } finally {
    await running.close();
  }
}

async function createConfig(plan: RunPlan, io: Io, log: Log): Promise<ProtectedServerConfig> {
  const { name, listen, signIn, authorizationFile, allowedOrigins, allowedHosts } = plan;
  const file = authorizationFile === undefined ? undefined : resolve(io.cwd, authorizationFile);
  if (file !== undefined) {
    await access(file, constants.R_OK).catch(() => {
      throw usageError('--authz-config', `${authorizationFile} cannot be read`, 'check the path');
    });
  }
  return {
    name,
    listen,
    upstream: await resolveUpstream(plan, io),
    signIn,
    ...(file !== undefined && { authorization: { file } }),
    ...(allowedOrigins !== undefined && { allowedOrigins }),
    ...(allowedHosts !== undefined && { allowedHosts }),
    log,
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
