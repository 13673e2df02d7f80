/** The version of the command, from its own package. */
import { readFile } from 'node:fs/promises';

/** Reads the version; `../package.json` is the package's, from `src` as from `dist`. */
export async function loadVersion(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  // Safe: this file is part of the package.
  return (JSON.parse(text) as { readonly version: string }).version;
}
