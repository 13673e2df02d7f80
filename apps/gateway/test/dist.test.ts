/** What is published: it must install without the packages that are not. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(PACKAGE, 'node_modules', '.dist-test');

beforeAll(async () => {
  const tsdown = fileURLToPath(new URL('../../../node_modules/.bin/tsdown', import.meta.url));
  await promisify(execFile)(tsdown, ['--out-dir', DIST], { cwd: PACKAGE });
}, 60_000);

afterAll(() => rm(DIST, { recursive: true, force: true }));

describe('the built gateway', () => {
  it('imports only what its package depends on, types included', async () => {
    const manifest = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));
    const allowed = Object.keys(manifest.dependencies);
    expect(allowed).not.toContain('@thv/compose');
    const files = (await readdir(DIST)).filter((name) => /\.(js|d\.ts)$/.test(name));
    expect(files).toContain('index.d.ts');
    for (const file of files) {
      const text = await readFile(join(DIST, file), 'utf8');
      for (const [, name = ''] of text.matchAll(
        /(?:from|import)\s*\(?\s*["']([^"'.][^"']*)["']/g,
      )) {
        const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
        const known = name.startsWith('node:') || allowed.includes(packageName);
        expect(known, `${file} imports ${name}`).toBe(true);
      }
    }
  });
});
