/** `thv export`: how a server is run, as a file for `thv run --from-config`. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CliError, usageError } from '../cli-error.ts';
import { codeOf } from '../error-code.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { toJsonText } from '../output/json-line.ts';
import { writeFileAtomically } from '../workloads/atomic-file.ts';
import { findWorkload } from '../workloads/find-workload.ts';
import { runToJson } from '../workloads/saved-run.ts';
import type { GlobalFlags } from './command-host.ts';
import { CONFIG_VERSION } from './run-from-config.ts';

export interface ExportArguments {
  readonly name: string;
  /** `-` is stdout. */
  readonly path: string;
  readonly flags: GlobalFlags;
}

export async function exportWorkload(
  { name, path, flags }: ExportArguments,
  io: Io,
): Promise<ExitCode> {
  const log = createLog(io, flags);
  const { record } = await findWorkload(name, io, log);
  const { givenByValue } = record.run;
  const config = { schema_version: CONFIG_VERSION, ...runToJson(record.run) };
  const text = toJsonText(config);
  if (path === '-') {
    io.out(text);
  } else {
    const file = resolve(io.cwd, path);
    await assertReplaceable(file, path);
    await writeFileAtomically(file, text).catch((error: unknown) => {
      throw new CliError({
        exitCode: EXIT.failed,
        what: path,
        why: `cannot be written (${codeOf(error) ?? String(error)})`,
        wayOut: 'check the path',
        cause: error,
      });
    });
  }
  if (givenByValue.length > 0) {
    const message = `not in it, to be given again: ${givenByValue.join(', ')}`;
    log({ level: 'info', message });
  }
  return EXIT.done;
}

/** A file is replaced as a whole, which for a device such as `/dev/stdout` would be its end. */
async function assertReplaceable(file: string, path: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined && !found.isFile()) {
    throw usageError(path, 'is there already, and is no file', 'choose a file; - is stdout');
  }
}
