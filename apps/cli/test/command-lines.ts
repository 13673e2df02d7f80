/** What anybody on this machine can read about its processes. */
import { readdir, readFile } from 'node:fs/promises';

/** The command line of every process; none where there is no `/proc`. */
export async function readCommandLines(): Promise<readonly string[]> {
  if (process.platform !== 'linux') {
    return [];
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    // It may have ended.
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
}
