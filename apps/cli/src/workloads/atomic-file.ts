/** Files that are there as a whole or not at all, whatever happens while they are written. */
import { randomBytes } from 'node:crypto';
import { chmod, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface AtomicWriteOptions {
  /** Permission bits. Default: readable by this user alone. */
  readonly mode?: number;
  /** A last look before the old file is replaced; throws when it must stay. */
  readonly check?: () => Promise<void>;
}

/** Replaces a file. A failure leaves the old one as it was. */
export async function writeFileAtomically(
  path: string,
  text: string,
  { mode, check }: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (mode !== undefined) {
      await chmod(temporary, mode);
    }
    await check?.();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Whether a file beside one of that name is a part that was being written when its writer was killed. */
export function isPartOf(name: string, other: string): boolean {
  return other.startsWith(`${name}.`) && /^[0-9a-f]{12}\.tmp$/.test(other.slice(name.length + 1));
}

/** Without it a crash of the machine could undo what was made or renamed in the folder. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch {
    // Not every system lets one; the file itself has been written.
  }
}
