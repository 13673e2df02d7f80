/** Secrets in files that are rotated under a running process, as Kubernetes does. */
import { readFile, stat } from 'node:fs/promises';
import { OidcError } from '@thv/oidc';
import { fileVersion } from './file-version.ts';

const MAX_BYTES = 64 * 1024;

/**
 * Creates a secret source that reads a file, and reads it again when it has changed. Surrounding
 * whitespace is removed. Rejects with `ERR_OIDC_SECRET` when the file is missing, empty or large.
 */
export function createSecretFile(path: string): () => Promise<string> {
  let version = '';
  let secret = '';
  return async () => {
    try {
      const stats = await stat(path);
      if (stats.size > MAX_BYTES) throw new Error('too large');
      const seen = fileVersion(stats);
      if (seen !== version || secret === '') {
        secret = (await readFile(path, 'utf8')).trim();
        version = seen;
      }
    } catch {
      // The system's message holds the path.
      throw new OidcError('ERR_OIDC_SECRET', 'A secret file cannot be read', {
        reason: 'unreadable',
      });
    }
    if (secret !== '') return secret;
    throw new OidcError('ERR_OIDC_SECRET', 'A secret file is empty', { reason: 'empty' });
  };
}
