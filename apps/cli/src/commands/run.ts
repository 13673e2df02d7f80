/** `thv run`: starts a server, or goes before one that runs elsewhere. */
import { chooseCatalogue } from '../catalogue/choose-catalogue.ts';
import { toCatalogueJson } from '../catalogue/entry-json.ts';
import { usageError } from '../cli-error.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { planRun, type RunFlags } from '../services/run-options.ts';
import type { Services } from '../services/services.ts';
import type { TypedFlags, UntypedRun } from '../workloads/saved-run.ts';
import type { Format, GlobalFlags } from './command-host.ts';
import { serveInForeground } from './serve.ts';

export interface RunArguments {
  readonly server: string | undefined;
  readonly serverArgs: readonly string[] | undefined;
  readonly flags: RunFlags &
    GlobalFlags & {
      readonly format?: Format;
      readonly fromConfig?: string;
      /** Seconds. */
      readonly readyTimeout?: number;
    };
  /** What was typed, to be typed again. */
  readonly typed: TypedFlags;
}

/** A command line, wherever it came from, and its form that can be kept. */
interface ReadRun {
  readonly args: RunArguments;
  readonly run: Omit<UntypedRun, 'name' | 'environment'>;
}

export async function runServer(args: RunArguments, io: Io, services: Services): Promise<ExitCode> {
  const { foreground = false, format, debug, quiet } = args.flags;
  if (foreground && args.flags.readyTimeout !== undefined) {
    throw usageError('--ready-timeout', 'means nothing with --foreground', 'drop one');
  }
  const read = await readRun(args, io);
  const { server, serverArgs, flags } = read.args;
  const cwd = read.run.workingDirectory;
  const { env } = io;
  const log = createLog(io, { debug: debug ?? flags.debug, quiet });
  const catalogue = await chooseCatalogue({ ...read.run, server }, io, log);
  const plan = planRun({ server, serverArgs, flags, userName: io.userName(), env, cwd, catalogue });
  if (foreground) {
    const output = {
      ...(format !== undefined && { format }),
      ...(debug === true || flags.debug === true ? { debug: true as const } : {}),
      ...(quiet === true && { quiet }),
    };
    return serveInForeground(plan, { io: { ...io, cwd }, services, flags: output });
  }
  const { runInBackground } = await import('./run-in-background.ts');
  const { entry } = plan.variables;
  const run = {
    ...{ ...read.run, name: plan.name },
    ...(entry !== undefined && { catalogue: toCatalogueJson(entry) }),
  };
  return runInBackground({ plan, run, typed: read.args.typed, flags: args.flags }, io);
}

async function readRun(args: RunArguments, io: Io): Promise<ReadRun> {
  const { fromConfig } = args.flags;
  if (fromConfig !== undefined) {
    const { readConfiguredRun } = await import('./run-from-config.ts');
    return readConfiguredRun(fromConfig, args, io);
  }
  const { server, serverArgs } = args;
  return {
    args,
    run: {
      ...(server !== undefined && { server }),
      ...(serverArgs !== undefined && { args: serverArgs }),
      workingDirectory: io.cwd,
    },
  };
}
