/** Processor time of another process, from `/proc`. */

import { readFileSync } from 'node:fs';

/** Clock ticks per second on every Linux that Node runs on. */
const TICKS = 100;

/** Seconds that a process has used by itself, without its children; NaN where there is no `/proc`. */
export function cpuSeconds(pid: number): number {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return Number.NaN;
  }
  // The name, which may hold anything, is in brackets; see proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
