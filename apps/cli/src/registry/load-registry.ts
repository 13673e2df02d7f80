/** Reads the user's registry whenever a name is looked up. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { parseCatalogue } from '../catalogue/parse-catalogue.ts';
import { usageError } from '../cli-error.ts';
import { decodeText } from '../decode-text.ts';
import { codeOf } from '../error-code.ts';
import type { Io } from '../io.ts';
import type { Log } from '../log.ts';
import { openRegularFile, UnusableFileError } from '../regular-file.ts';
import { fetchRegistry, MAX_REGISTRY_BYTES, RegistryUnreachableError } from './fetch-registry.ts';
import { readCached, writeCached } from './registry-cache.ts';
import { parseRegistryPlace, type RegistryPlace } from './registry-place.ts';

/**
 * The registry as it is now; that of a URL which cannot be reached as it was last.
 *
 * @param place what the settings say
 * @throws {CliError} when it cannot be read: a name must not mean something else because of that
 */
export async function loadRegistry(place: string, env: Io['env'], log: Log): Promise<Catalogue> {
  const found = parseRegistryPlace(place, undefined);
  try {
    return await readRegistry(found, env, log);
  } catch (error) {
    if (found.kind !== 'url' || !(error instanceof RegistryUnreachableError)) {
      throw error;
    }
    const cached = await readCached(found.url, env);
    if (cached === undefined) {
      throw error;
    }
    const { text, writtenAt } = cached;
    const catalogue = parseCatalogue(text, found.shown);
    const message = `${error.what}: ${error.why}; the copy of ${writtenAt.toISOString()} is used`;
    log({ level: 'warn', message });
    return catalogue;
  }
}

/** The registry itself; of a URL a copy is kept. @throws {CliError} */
export async function readRegistry(
  place: RegistryPlace,
  env: Io['env'],
  log: Log,
): Promise<Catalogue> {
  if (place.kind === 'file') {
    return parseCatalogue(await readRegistryFile(place.path), place.shown);
  }
  const text = await fetchRegistry(place.url, place);
  const catalogue = parseCatalogue(text, place.shown);
  await writeCached(place.url, text, env).catch((error: unknown) => {
    const code = codeOf(error) ?? String(error);
    log({ level: 'warn', message: `no copy of the registry can be kept (${code})` });
  });
  return catalogue;
}

async function readRegistryFile(path: string): Promise<string> {
  const wayOut = 'restore it, or set another: thv config set-registry FILE|URL';
  const { file, stats } = await openRegularFile(path).catch((error: unknown) => {
    throw error instanceof UnusableFileError
      ? usageError(path, 'is no file', wayOut)
      : usageError(path, `cannot be read (${codeOf(error)})`, wayOut);
  });
  try {
    if (stats.size > MAX_REGISTRY_BYTES) {
      throw usageError(path, `is larger than ${MAX_REGISTRY_BYTES / 1024 / 1024} MiB`);
    }
    return decodeText(await file.readFile(), 'registry', path);
  } finally {
    await file.close();
  }
}
