/** Where one path is with regard to another. Pure. */
import { dirname } from 'node:path';

/** Also true for the folder itself. */
export function isInside(path: string, folder: string): boolean {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if (at === folder) {
      return true;
    }
  }
  return false;
}
