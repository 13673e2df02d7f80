/** How much memory is held, after everything has been collected that can be. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // V8's own, there since the line before.

export const MIB = 2 ** 20;

/** Bytes. Large texts lie outside of the heap, and are freed a turn later. */
export async function heldAfterCollection(): Promise<number> {
  for (let times = 0; times < 3; times += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
