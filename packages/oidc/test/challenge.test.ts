import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildChallenge, createResourceServer } from '../src/index.ts';
import { SEED } from './support/seed.ts';

/** A naive reader of challenges (RFC 9110 §11.6.1), independent of the builder. */
function read(challenge: string): [string, string][] {
  expect(challenge.startsWith('Bearer')).toBe(true);
  const found = [...challenge.slice(7).matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:, |$)/g)];
  return found.map(([, name = '', value = '']) => [name, value]);
}

describe('buildChallenge', () => {
  it('puts parameters in the fixed order and leaves out absent ones', () => {
    expect(buildChallenge({})).toBe('Bearer');
    const all = buildChallenge({
      errorDescription: 'd',
      error: 'e',
      scope: ['a', 'b'],
      resourceMetadata: 'https://x/y',
      realm: 'r',
    });
    expect(all).toBe(
      'Bearer realm="r", resource_metadata="https://x/y", scope="a b", error="e", error_description="d"',
    );
    expect(buildChallenge({ scope: [], realm: '' })).toBe('Bearer');
  });

  it('cannot be broken out of', () => {
    const challenge = buildChallenge({
      realm: 'a", error="none',
      resourceMetadata: 'https://x/"\\\r\nSet-Cookie: a=b',
      errorDescription: 'line\r\nbreak \\ § "q"',
    });
    expect(challenge).toBe(
      `Bearer realm="a', error='none", resource_metadata="https://x/%22%5C%0D%0ASet-Cookie:%20a=b", ` +
        `error_description="line??break ? ? 'q'"`,
    );
  });

  it('any values make a header that a Response takes and a reader gets back', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.array(text, { maxLength: 3 }),
        (realm, url, description, scope) => {
          const parameters = {
            realm,
            resourceMetadata: url,
            scope,
            error: 'invalid_token',
            errorDescription: description,
          };
          const challenge = buildChallenge(parameters);
          expect(challenge).toMatch(/^[\x20-\x7e]*$/);
          expect(challenge).not.toContain('\\');
          expect(new Headers({ 'www-authenticate': challenge }).get('www-authenticate')).toBe(
            challenge,
          );
          const names = read(challenge).map(([name]) => name);
          const shown = scope.join(' ') === '' ? [] : ['scope'];
          expect(names).toEqual([
            'realm',
            'resource_metadata',
            ...shown,
            'error',
            'error_description',
          ]);
        },
      ),
      SEED,
    );
  });

  it('values of the allowed characters come back unchanged', () => {
    const clean = fc.string({
      unit: fc.constantFrom(..."abc XYZ019!#$%&'()*+,-./:;<=>?@[]^_`{|}~"),
      minLength: 1,
    });
    fc.assert(
      fc.property(clean, clean, (realm, errorDescription) => {
        expect(read(buildChallenge({ realm, errorDescription }))).toEqual([
          ['realm', realm],
          ['error_description', errorDescription],
        ]);
      }),
      SEED,
    );
  });
});

describe('createResourceServer', () => {
  const validator = { validate: () => Promise.reject(new Error('unused')) };

  it.each([
    ['scopes', { scopes: ['a b'] }],
    ['requiredScopes', { requiredScopes: ['a"b'] }],
    ['scopeImplies', { scopeImplies: { a: ['b\\'] } }],
    ['resource', { resource: 'mcp' }],
    ['metadataUrl', { metadataUrl: '/x' }],
  ])('refuses wrong %s at once', (name, options) => {
    expect(() => createResourceServer({ validator, authorizationServers: [], ...options })).toThrow(
      `"${name}"`,
    );
  });

  it('never asks for offline_access', () => {
    const server = createResourceServer({
      validator,
      resource: 'https://mcp.test/mcp',
      authorizationServers: ['https://idp.test'],
      scopes: ['mcp', 'offline_access'],
    });
    expect(JSON.stringify(server.metadata())).not.toContain('offline_access');
  });

  it('can ask for what the token has and what it lacks', () => {
    const options = {
      validator,
      authorizationServers: [],
      stepUpScopes: 'granted-and-required' as const,
    };
    const server = createResourceServer(options);
    const identity = { scopes: ['a'] } as never;
    let answer: Response | undefined;
    let caught: unknown;
    try {
      server.assertScopes(identity, ['b']);
    } catch (error) {
      caught = error;
      answer = server.toResponse(error);
    }
    expect(answer?.headers.get('www-authenticate')).toContain('scope="a b"');
    expect(JSON.stringify(caught)).not.toContain('"a"');
  });
});
