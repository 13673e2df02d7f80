/** The last good copy of each registry with a URL: below `$XDG_CACHE_HOME/thv`. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Io } from '../io.ts';
import { readOwnFile } from '../regular-file.ts';
import { findUserFolder } from '../settings/user-folder.ts';
import { writeFileAtomically } from '../workloads/atomic-file.ts';
import { createPrivateFolder } from '../workloads/state-folders.ts';

export interface CachedRegistry {
  readonly text: string;
  readonly writtenAt: Date;
}

/** Undefined when there is none, or none that can be read. */
export async function readCached(url: URL, env: Io['env']): Promise<CachedRegistry | undefined> {
  const path = pathOf(url, env);
  try {
    return path === undefined ? undefined : await readOwnFile(path);
  } catch {
    return undefined;
  }
}

/** @throws the file system's error. */
export async function writeCached(url: URL, text: string, env: Io['env']): Promise<void> {
  const path = pathOf(url, env);
  if (path !== undefined) {
    await createPrivateFolder(dirname(path));
    await writeFileAtomically(path, text);
  }
}

/** @throws the file system's error. */
export async function forgetCached(url: URL, env: Io['env']): Promise<void> {
  const path = pathOf(url, env);
  if (path !== undefined) {
    await rm(path, { force: true });
  }
}

/** A copy is of one URL, never of another. */
function pathOf(url: URL, env: Io['env']): string | undefined {
  const folder = findUserFolder(env, 'XDG_CACHE_HOME', '.cache');
  const digest = createHash('sha256').update(url.href).digest('hex');
  return folder === undefined ? undefined : join(folder, `registry-${digest.slice(0, 32)}.json`);
}
