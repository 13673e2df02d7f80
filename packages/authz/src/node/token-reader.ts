/** The bearer token that a decision point wants, from the file that the authorization file names. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AuthzError } from '@thv/authz';

/**
 * Makes the `bearerToken` option of `createAuthorizer` for what `loadAuthzConfig(file)` reads: names of
 * token files are relative to the file, and a rotated token is used at once.
 */
export function createTokenReader(file: string): (name: string | undefined) => string | undefined {
  return (name) => (name === undefined ? undefined : readToken(resolve(dirname(file), name)));
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new AuthzError('ERR_AUTHZ_FILE', 'the bearer token file cannot be read', {
      location: { file: path },
      cause,
    });
  }
}
