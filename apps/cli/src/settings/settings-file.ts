/** What the user has chosen for every run: `$XDG_CONFIG_HOME/thv/config.yaml`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CliError, usageError } from '../cli-error.ts';
import { decodeText } from '../decode-text.ts';
import type { Io } from '../io.ts';
import { writeFileAtomically } from '../workloads/atomic-file.ts';
import { findStateFolders } from '../workloads/state-folders.ts';
import { checkKeys, isText, readRecord } from '../workloads/strict-json.ts';
import { withLock } from '../workloads/workload-lock.ts';
import { createConfigFolder, findConfigFolder, toConfigError } from './config-folder.ts';

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
  const folder = findConfigFolder(env);
  const path = folder === undefined ? undefined : join(folder, FILE);
  const text = path === undefined ? undefined : await readText(path);
  return path === undefined || text === undefined ? {} : (await parseSettings(text, path)).settings;
}

/** Sets a setting, or with undefined forgets it. What else stands in the file stays, as do comments. */
export async function changeSetting(
  key: keyof Settings,
  value: string | undefined,
  env: Io['env'],
): Promise<void> {
  const folder = await createConfigFolder(env);
  const path = join(folder, FILE);
  await withLock(
    { ...findStateFolders(env), locks: folder },
    'config',
    async () => {
      const { document } = await parseSettings((await readText(path)) ?? '', path);
      if (value !== undefined) {
        document.set(key, value);
      } else if (document.has(key)) {
        document.delete(key);
      }
      await writeFileAtomically(path, document.toString()).catch((error) => {
        throw toConfigError(error, path);
      });
    },
    { patience: LOCK_PATIENCE },
  );
}

async function parseSettings(text: string, path: string) {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
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

async function readText(path: string): Promise<string | undefined> {
  try {
    return decodeText(await readFile(path), 'configuration', path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw toConfigError(error, path);
  }
}
