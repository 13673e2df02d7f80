/** `thv run --from-config FILE`: the file says what would otherwise be typed. */
import { usageError } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { parseOptionFile } from '../services/option-file.ts';
import { readTextFile } from '../services/text-file.ts';
import {
  assertEnvironment,
  fillIn,
  isSecretFlag,
  RUN_KEYS,
  runFromJson,
  type SavedRun,
  toArguments,
} from '../workloads/saved-run.ts';
import { checkKeys, readRecord } from '../workloads/strict-json.ts';
import type { RunArguments } from './run.ts';
import { parseRunArguments } from './run-arguments.ts';

export const CONFIG_VERSION = 1;

/** Flags that say how this command behaves, not what is run. */
const BESIDE: ReadonlySet<string> = new Set([
  'from-config',
  'foreground',
  'ready-timeout',
  'format',
  'debug',
  'quiet',
]);

/** @throws {CliError} with exit code 2. */
export async function readConfiguredRun(path: string, args: RunArguments, io: Io) {
  const given = args.typed.filter(([flag]) => !BESIDE.has(flag));
  const [idle] = given.find(([flag]) => !isSecretFlag(flag)) ?? [];
  if (idle !== undefined) {
    throw usageError(`--${idle}`, 'means nothing beside --from-config', 'put it into the file');
  }
  if (args.server !== undefined || args.serverArgs !== undefined) {
    throw usageError('--from-config', 'the file names the server', 'name none beside it');
  }
  const run = await readConfig(path, io.cwd);
  assertEnvironment(run, io.env);
  const values = fillIn(run, given, 'thv run --from-config …');
  const parsed = parseRunArguments(toArguments(run, values), io);
  const { server, args: serverArgs, workingDirectory, catalogue } = run;
  if (parsed.server !== server) {
    throw usageError(path, 'a flag is true that needs a value', 'write the value');
  }
  return {
    args: parsed,
    run: {
      ...(server !== undefined && { server }),
      ...(serverArgs !== undefined && { args: serverArgs }),
      workingDirectory,
      ...(catalogue !== undefined && { catalogue }),
    },
  };
}

async function readConfig(path: string, cwd: string): Promise<SavedRun> {
  const json = parseOptionFile(await readTextFile('--from-config', path, { cwd }), path);
  const { schema_version: version, ...run } = readRecord(json, path);
  if (version !== CONFIG_VERSION) {
    checkKeys(run, RUN_KEYS, path);
    throw usageError(
      path,
      '"schema_version" is missing, or another one',
      `this thv reads ${CONFIG_VERSION}`,
    );
  }
  return runFromJson(run, { where: path, cwd });
}
