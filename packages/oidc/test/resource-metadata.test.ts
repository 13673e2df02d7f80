import { describe, expect, it } from 'vitest';
import {
  buildResourceMetadata,
  parseProtectedResourceMetadata,
  wellKnownPath,
  wellKnownPaths,
  wellKnownUrl,
} from '../src/index.ts';

const ROOT = '/.well-known/oauth-protected-resource';

describe('wellKnownPath', () => {
  it.each([
    ['109 root', 'https://h/', ROOT],
    ['109b no path', 'https://h', ROOT],
    ['100 path', 'https://h/mcp', `${ROOT}/mcp`],
    ['110 trailing slash', 'https://h/mcp/', `${ROOT}/mcp`],
    ['111 query', 'https://h/mcp?tenant=a%20b', `${ROOT}/mcp?tenant=a%20b`],
    ['deep path', 'http://127.0.0.1:8080/weather/mcp', `${ROOT}/weather/mcp`],
    ['encoded path', 'https://h/a%2Fb', `${ROOT}/a%2Fb`],
    ['fragment', 'https://h/mcp#x', `${ROOT}/mcp`],
  ])('vector %s', (_, resource, expected) => {
    expect(wellKnownPath(resource)).toBe(expected);
  });

  it('has the root beside it', () => {
    expect(wellKnownPaths('https://h/mcp')).toEqual([`${ROOT}/mcp`, ROOT]);
    expect(wellKnownPaths('https://h/')).toEqual([ROOT]);
    expect(wellKnownUrl('https://h:8443/mcp')).toBe(`https://h:8443${ROOT}/mcp`);
  });
});

describe('metadata documents', () => {
  const resource = 'https://h/mcp/';

  it('repeat the resource exactly and leave out empty lists', () => {
    expect(buildResourceMetadata({ resource, authorizationServers: [], scopes: [] })).toEqual({
      resource,
      bearer_methods_supported: ['header'],
    });
  });

  it('are read back', () => {
    const built = buildResourceMetadata({
      resource,
      authorizationServers: ['https://idp'],
      scopes: ['a'],
    });
    expect(parseProtectedResourceMetadata(JSON.parse(JSON.stringify(built)), resource)).toEqual(
      built,
    );
  });

  it.each([
    ['of another resource', { resource: 'https://h/mcp' }],
    ['that are no object', []],
    ['with a server that is no text', { resource, authorization_servers: [1] }],
    ['with scopes that are no list', { resource, scopes_supported: 'a b' }],
  ])('%s are refused', (_, document) => {
    expect(() => parseProtectedResourceMetadata(document, resource)).toThrow(TypeError);
  });
});
