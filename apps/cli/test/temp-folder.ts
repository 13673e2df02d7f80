/** A folder of files for one test file, removed afterwards. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

export interface TempFolder {
  /** Set before the first test. */
  path: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

export function useTempFolder(files: Readonly<Record<string, string>> = {}): TempFolder {
  const folder: TempFolder = {
    path: '',
    async write(more) {
      for (const [name, text] of Object.entries(more)) {
        await mkdir(dirname(join(folder.path, name)), { recursive: true });
        await writeFile(join(folder.path, name), text);
      }
    },
  };
  beforeAll(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'thv-cli-'));
    await folder.write(files);
  });
  afterAll(() => rm(folder.path, { recursive: true, force: true }));
  return folder;
}

/** An authorization file with these policies. */
export function authz(...policies: readonly string[]): string {
  return JSON.stringify({ version: '1.0', type: 'cedarv1', cedar: { policies } }, undefined, 2);
}
