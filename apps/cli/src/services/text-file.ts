/** Reads the text that a flag names: a file, or stdin for `-`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usageError } from '../cli-error.ts';
import { decodeText } from '../decode-text.ts';
import type { Io } from '../io.ts';

/** @throws {CliError} with exit code 2 for what cannot be read, or is no text. */
export async function readTextFile(
  flag: string,
  file: string,
  io: Pick<Io, 'cwd'> & Partial<Pick<Io, 'input'>>,
): Promise<string> {
  if (file === '-' && io.input !== undefined) {
    return io.input();
  }
  const bytes = await readFile(resolve(io.cwd, file)).catch(() => {
    throw usageError(flag, `${file} cannot be read`, 'check the path');
  });
  return decodeText(bytes, flag, file);
}
