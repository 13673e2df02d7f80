/** Reads an authorization file and the policy files it names. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type AuthzConfig,
  AuthzError,
  type ConfigSource,
  isAuthzError,
  type PolicyText,
  parseAuthzConfig,
  withPolicyTexts,
} from '@thv/authz';
import { parseSourceText } from './source-text.ts';

/**
 * Reads an authorization file (`.json`, `.yaml`, `.yml` or no extension) and its policy files.
 * Names under `policy_files` are relative to the file; `*` stands for any part of a file name.
 *
 * @throws {AuthzError} `ERR_AUTHZ_FILE` when a file cannot be read, `ERR_AUTHZ_CONFIG` when its
 * contents are wrong.
 */
export async function loadAuthzConfig(file: string): Promise<AuthzConfig> {
  const text = await readText(file);
  const { value, locate, locateKey } = parseSourceText(text, file);
  const source: ConfigSource = { file, locate, locateKey };
  const config = parseAuthzConfig(value, source);
  if (config.type !== 'cedarv1') {
    return config;
  }
  assertEntitiesText(value, source);
  const names: string[] = [];
  for (const [index, pattern] of config.cedar.policyFiles.entries()) {
    const found = await expandPattern(resolve(dirname(file), pattern));
    if (found.length === 0) {
      throw new AuthzError('ERR_AUTHZ_FILE', `no file matches "${pattern}"`, {
        location: { file, ...locate(['cedar', 'policy_files', index]) },
      });
    }
    names.push(...found);
  }
  const texts = await Promise.all(
    names.map(async (name): Promise<PolicyText> => ({ text: await readText(name), file: name })),
  );
  return withPolicyTexts(config, texts);
}

/** In the text of the entities, which is a text within the file, no key may be given twice either. */
function assertEntitiesText(value: unknown, { file, locateKey }: ConfigSource): void {
  // The configuration has been parsed from it.
  const { cedar } = value as { readonly cedar: { readonly entities_json?: unknown } };
  const text = cedar.entities_json;
  if (typeof text !== 'string' || text === '') {
    return;
  }
  try {
    parseSourceText(text, 'entities.json');
  } catch (error) {
    if (!isAuthzError(error)) {
      throw error;
    }
    // A line of the text is not one of the file.
    const problem = error.problem.replace(/, first in line \d+$/, '');
    throw new AuthzError('ERR_AUTHZ_ENTITIES', `"cedar.entities_json": ${problem}`, {
      location: { file, ...locateKey?.(['cedar', 'entities_json']) },
      cause: error,
    });
  }
}

/** Reads a text file. */
export async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const reason =
      code === 'ENOENT'
        ? 'the file does not exist'
        : code.startsWith('ERR_ENCODING')
          ? 'the file is not UTF-8'
          : code === 'EISDIR'
            ? 'it is a folder, and no file'
            : `the file cannot be read (${code || 'unknown error'})`;
    throw new AuthzError('ERR_AUTHZ_FILE', reason, { location: { file }, cause });
  }
}

async function expandPattern(path: string): Promise<readonly string[]> {
  const name = basename(path);
  if (!name.includes('*')) {
    return [path];
  }
  const parts = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const matcher = new RegExp(`^${parts.join('.*')}$`);
  try {
    const entries = await readdir(dirname(path), { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && matcher.test(entry.name))
      .map((entry) => join(dirname(path), entry.name))
      .sort();
  } catch {
    // A folder that cannot be read has no files for us; the caller says that nothing matches.
    return [];
  }
}
