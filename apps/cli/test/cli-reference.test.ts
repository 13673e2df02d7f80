import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { renderCliReference } from '../../../tooling/docs/cli-reference.ts';

describe('docs/cli.md', () => {
  it('is what `npx -y pnpm@12 docs:cli` writes', async () => {
    const page = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
    expect(page).toBe(renderCliReference());
  });
});
