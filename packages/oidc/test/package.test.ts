/** What is published: names, entries, README, and a build without Node in the root entry. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as root from '../src/index.ts';
import * as node from '../src/node.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('exports', () => {
  it('of the root entry', () => {
    expect(Object.keys(root)).toMatchInlineSnapshot(`
      [
        "isLoopbackHost",
        "isLoopbackAddress",
        "isSpecialAddress",
        "SIGNATURE_ALGORITHMS",
        "parseBearer",
        "buildChallenge",
        "describeErrorCode",
        "isOidcError",
        "OidcError",
        "inspectToken",
        "buildResourceMetadata",
        "parseProtectedResourceMetadata",
        "wellKnownPath",
        "wellKnownPaths",
        "wellKnownUrl",
        "createResourceServer",
        "createTokenValidator",
      ]
    `);
  });

  it('of the node entry', () => {
    expect(Object.keys(node)).toMatchInlineSnapshot(`
      [
        "createGuardedFetch",
        "createKubernetesIssuer",
        "nativeSha256",
        "createSecretFile",
        "toWebRequest",
      ]
    `);
  });
});

describe('README', () => {
  it('shows the example that is compiled', () => {
    const [, code] = /```ts\n([\s\S]+?)```/.exec(read('README.md')) ?? [];
    expect(code).toBe(read('test/readme-example.ts'));
    expect(
      code
        ?.trim()
        .split('\n')
        .filter((line) => line !== '').length,
    ).toBeLessThanOrEqual(12);
  });

  it('the example works', async () => {
    const { handle } = await import('./readme-example.ts');
    const answer = await handle(new Request('https://mcp.example.com/mcp'));
    expect(answer.status).toBe(401);
  });
});

describe('docs/providers', () => {
  const folder = new URL('../../../docs/providers/', import.meta.url);
  it.each(readdirSync(folder))('%s has lines that fit', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(160);
  });
});

describe.skipIf(!existsSync(new URL('../dist/index.js', import.meta.url)))('the build', () => {
  it('names no Node module, no process and no Buffer in the root entry', () => {
    const text = read('dist/index.js');
    expect([...text.matchAll(/from "([^"]+)"/g)].map(([, name]) => name)).toEqual(['jose']);
    expect(text).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\(|setImmediate/);
  });

  it('shares one copy of the root between the entries', () => {
    expect(read('dist/node.js')).toContain('from "@thv/oidc"');
  });

  it('still refuses what it must: a bundler once dropped a check', async () => {
    const built = (await import(new URL('../dist/index.js', import.meta.url).href)) as typeof root;
    const options = {
      issuer: 'https://idp.test',
      audiences: ['mcp'],
      fetch: async () => Response.json({}),
    };
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const validator = built.createTokenValidator(options);
    const token = `${encode({ alg: 'none' })}.${encode({ iss: 'https://idp.test' })}.`;
    await expect(validator.validate(token)).rejects.toMatchObject({ code: 'ERR_OIDC_ALGORITHM' });
    expect(() =>
      built.createTokenValidator({ issuer: 'https://10.0.0.1', audiences: ['x'] }),
    ).toThrow(TypeError);
    expect(built.isSpecialAddress('::ffff:10.0.0.1')).toBe(true);
  });
});
