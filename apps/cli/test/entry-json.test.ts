import { describe, expect, it } from 'vitest';
import { loadBuiltInCatalogue } from '../src/catalogue/built-in.ts';
import { toCatalogueJson } from '../src/catalogue/entry-json.ts';
import { parseCatalogue, readCatalogue } from '../src/catalogue/parse-catalogue.ts';

const BUILT_IN = loadBuiltInCatalogue();
const FULL = parseCatalogue(
  JSON.stringify({
    servers: {
      image: {
        image: 'ghcr.io/example/weather:1',
        transport: 'sse',
        target_port: 8080,
        args: ['a', '--b'],
        tools: ['x'],
        status: 'Deprecated',
        permissions: {
          read: ['/r'],
          write: ['/w'],
          writable_root: true,
          network: { mode: 'none' },
        },
        env_vars: [
          { name: 'A', required: true, secret: true },
          { name: 'B', default: '' },
        ],
      },
      hosts: {
        image: 'ghcr.io/example/weather:1',
        permissions: { network: { outbound: { allow_host: ['a.example'] } } },
      },
      bridge: { image: 'ghcr.io/example/weather:1', permissions: { network: { mode: 'bridge' } } },
    },
    remote_servers: {
      remote: { url: 'https://x.example/mcp', headers: [{ name: 'X-Key', required: true }] },
    },
  }),
  'file',
);

describe('toCatalogueJson', () => {
  it.each([
    ...BUILT_IN.names.map((name) => [name, BUILT_IN] as const),
    ...FULL.names.map((name) => [name, FULL] as const),
  ])('writes %s so that the same is read', (name, catalogue) => {
    const entry = catalogue.find(name);
    expect.assert(entry !== undefined);
    const json: unknown = JSON.parse(JSON.stringify(toCatalogueJson(entry)));
    expect(readCatalogue(json, 'saved').find(name)).toEqual(entry);
  });
});
