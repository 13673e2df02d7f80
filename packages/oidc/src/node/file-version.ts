/** Tells the contents of a file apart without reading them. */
import type { Stats } from 'node:fs';

/** Everything but ctime can be the same for other contents: archives set dates, systems reuse numbers. */
export function fileVersion({ ctimeMs, mtimeMs, size, ino }: Stats): string {
  return `${ctimeMs}/${mtimeMs}/${size}/${ino}`;
}
