/** Reads cedar-wasm's WebAssembly module from the installed package. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AuthzError, type Cedar, createCedar } from '@thv/authz';

let loading: Promise<Cedar> | undefined;

/**
 * Starts Cedar. There is one instance per process; later calls return it.
 *
 * @throws {AuthzError} `ERR_AUTHZ_ENGINE` when the package cannot be found or compiled.
 */
export function loadCedar(): Promise<Cedar> {
  loading ??= compile();
  return loading;
}

async function compile(): Promise<Cedar> {
  try {
    // Only this subpath of the package can be resolved with `require`; the builds are siblings.
    const entry = createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs');
    const bytes = await readFile(join(dirname(entry), '..', 'web', 'cedar_wasm_bg.wasm'));
    return createCedar(await WebAssembly.compile(bytes));
  } catch (cause) {
    loading = undefined;
    throw new AuthzError('ERR_AUTHZ_ENGINE', 'cedar-wasm could not be loaded', { cause });
  }
}
