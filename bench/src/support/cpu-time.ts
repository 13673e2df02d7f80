/** Processor time of processes, from `/proc`. */

import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second on every Linux that Node runs on. */
const TICKS = 100;

/** Seconds that a process has used by itself, without its children; NaN where there is no `/proc`. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  return fields === undefined ? Number.NaN : (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** A process and all its descendants. */
export function processTree(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? statOf(Number(name))?.[1] : undefined;
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === root || isBelow(parents.get(pid)));
  return [...parents.keys()].filter(isBelow);
}

/** What follows the name, which may hold anything; see proc(5). */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It has ended since the directory was read, or there is no `/proc`.
    return undefined;
  }
}
