/** From a file to a configuration: what cannot be read is refused with its place. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayConfigError } from '../src/config-error.ts';
import { loadGatewayConfig } from '../src/load-config.ts';

let file = '';

beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'thv-gateway-')), 'gateway.yaml');
});

afterAll(() => rm(join(file, '..'), { recursive: true }));

async function refusal(content: string | Uint8Array): Promise<string> {
  await writeFile(file, content);
  const error: unknown = await loadGatewayConfig(file, {}).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GatewayConfigError);
  return (error as GatewayConfigError).message.replace(file, 'FILE');
}

describe('a configuration file is refused', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['with a mistake in it', 'version: 1\nlisten: [', 'FILE:2:10: '],
    ['with a key twice', 'version: 1\nversion: 1', 'FILE:2:1: Map keys must be unique'],
    [
      'with an alias of nothing',
      'version: 1\nlisten: *a\n',
      'FILE: Unresolved alias (the anchor must be set before the alias): a',
    ],
    ['with a tag', 'version: 1\nlisten: !env LISTEN', 'FILE:2:9: Unresolved tag: !env'],
    ['that is not UTF-8', Buffer.from([0x76, 0xff]), 'FILE: is not UTF-8 text'],
    ['without a version', '{}', 'FILE: version: must be 1'],
  ])('%s', async (_name, content, message) => {
    const said = await refusal(content);
    expect(said).toContain(message);
    expect(said, 'the place is said once').not.toMatch(/ at line /);
  });

  it('that is not there', async () => {
    const gone = `${file}.gone`;
    await expect(loadGatewayConfig(gone, {})).rejects.toThrow(`${gone}: cannot be read (ENOENT)`);
  });
});
