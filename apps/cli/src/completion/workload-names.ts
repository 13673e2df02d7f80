/** Names of the servers that thv runs, for a Tab: fast, and silent about whatever is wrong. */
import { readdir } from 'node:fs/promises';
import { findStateFolders } from '../workloads/state-folders.ts';

const SUFFIX = '.json';

export async function listNames(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  try {
    const entries = await readdir(findStateFolders(env).workloads);
    return entries
      .filter((entry) => entry.endsWith(SUFFIX))
      .map((entry) => entry.slice(0, -SUFFIX.length))
      .sort();
  } catch {
    // Nothing is there yet; a message would land in the middle of what is being typed.
    return [];
  }
}
