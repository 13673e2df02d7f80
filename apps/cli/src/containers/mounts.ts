/**
 * File systems that are mounted somewhere inside a folder. Engines make only the outermost read-only
 * (docker before 25, and podman).
 */
import { readFile } from 'node:fs/promises';
import { isInside } from './paths.ts';

/** @returns one of them; undefined also where there is no `/proc` to ask. */
export async function findMountWithin(folder: string): Promise<string | undefined> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return readMountPoints(table).find((point) => point !== folder && isInside(point, folder));
}

/** The fifth column of proc_pid_mountinfo(5); spaces and the like are octal there. Pure. */
export function readMountPoints(table: string): readonly string[] {
  return table
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point !== '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    );
}
