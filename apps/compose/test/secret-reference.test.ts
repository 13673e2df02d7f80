import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSecret, type SecretReference } from '../src/secret-reference.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thv-secret-'));
});

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(folder, { recursive: true }));

describe('a secret', () => {
  it('of a file is read again when the file changes', async () => {
    const file = join(folder, 'rotating');
    await writeFile(file, 'first\n');
    const read = await openSecret('x', { file });
    expect(await read()).toBe('first');
    await writeFile(file, 'second one\n');
    expect(await read()).toBe('second one');
  });

  it('of a variable is read when it is needed', async () => {
    vi.stubEnv('THV_TEST_SECRET', 'a');
    const read = await openSecret('x', { env: 'THV_TEST_SECRET' });
    vi.stubEnv('THV_TEST_SECRET', 'b');
    expect(await read()).toBe('b');
  });

  it('of a function is asked for each time', async () => {
    const ask = vi.fn(async () => 'c');
    const read = await openSecret('x', { read: ask });
    expect(await read()).toBe('c');
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it.each<[string, () => SecretReference, string]>([
    ['a missing file', () => ({ file: join(folder, 'none') }), '"x": a secret file cannot be read'],
    ['a variable that is not set', () => ({ env: 'THV_TEST_NONE' }), '"x": THV_TEST_NONE is not'],
  ])('stops the start when it is %s', async (_name, reference, message) => {
    await expect(openSecret('x', reference())).rejects.toThrow(TypeError);
    await expect(openSecret('x', reference())).rejects.toThrow(message);
  });
});
