/** What the user has chosen for every run: `$XDG_CONFIG_HOME/thv/config.yaml`. */
import { type CliError, usageError } from '../cli-error.ts';
import { decodeText } from '../decode-text.ts';
import type { Io } from '../io.ts';
import { checkKeys, isText, readRecord } from '../workloads/strict-json.ts';
import { type ConfigFile, changeConfigFile, findConfigFile } from './config-file.ts';

export interface Settings {
  /** An absolute path or a URL. */
  readonly registry?: string;
}

const FILE = 'config.yaml';
const KEYS: readonly (keyof Settings)[] = ['registry'];
/** Milliseconds. */
const LOCK_PATIENCE = 10_000;

/**
 * Nothing when there is no such file.
 *
 * @throws {CliError} naming the file, when it is damaged or says what thv does not know
 */
export async function readSettings(env: Io['env']): Promise<Settings> {
  const file = await findConfigFile(env, FILE);
  return file?.bytes === undefined ? {} : (await parseSettings(file)).settings;
}

/** Sets a setting, or with undefined forgets it. What else stands in the file stays, as do comments. */
export async function changeSetting(
  key: keyof Settings,
  value: string | undefined,
  env: Io['env'],
): Promise<void> {
  const change = { name: FILE, lock: 'config', patience: LOCK_PATIENCE };
  await changeConfigFile(env, change, async (file) => {
    const { document } = await parseSettings(file);
    if (value !== undefined) {
      document.set(key, value);
    } else if (document.has(key)) {
      document.delete(key);
    }
    return document.toString();
  });
}

async function parseSettings({ path, bytes }: ConfigFile) {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(
    bytes === undefined ? '' : decodeText(bytes, 'configuration', path),
  );
  const [error = document.warnings[0]] = document.errors;
  if (error !== undefined) {
    throw damaged(path, error);
  }
  let data: unknown;
  try {
    data = document.toJS() ?? {};
  } catch (aliases) {
    throw damaged(path, aliases);
  }
  const record = readRecord(data, path);
  checkKeys(record, KEYS, path);
  const { registry } = record;
  if (registry !== undefined && !isText(registry)) {
    throw usageError(path, '"registry" must be a file or a URL', 'thv config unset-registry');
  }
  return { document, settings: { ...(registry !== undefined && { registry }) } };
}

function damaged(path: string, error: unknown): CliError {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return usageError(
    path,
    `is damaged: ${line.replace(/:$/, '')}`,
    'correct it, or remove it and set things again',
  );
}
