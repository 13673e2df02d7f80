/** Names of the servers that thv runs, for a Tab: fast, and silent about whatever is wrong. */
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const SUFFIX = '.json';

export async function listNames(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const { XDG_STATE_HOME: state, HOME: home } = env;
  try {
    const base =
      state !== undefined && isAbsolute(state)
        ? state
        : join(home !== undefined && isAbsolute(home) ? home : homedir(), '.local', 'state');
    const entries = await readdir(join(base, 'thv', 'workloads'));
    return entries
      .filter((entry) => entry.endsWith(SUFFIX))
      .map((entry) => entry.slice(0, -SUFFIX.length))
      .sort();
  } catch {
    // Nothing is there yet; a message would land in the middle of what is being typed.
    return [];
  }
}
