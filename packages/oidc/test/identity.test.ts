import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createIdentity } from '../src/identity.ts';

const TOKEN = 'very.secret.token';
const identity = createIdentity({
  issuer: 'https://idp.test',
  subject: 'alice',
  claims: { sub: 'alice', groups: [{ name: 'a' }], scope: 'b a b', scp: ['c'], exp: 5 },
  token: TOKEN,
});

describe('Identity', () => {
  it.each([
    ['JSON', () => JSON.stringify(identity)],
    ['JSON of a wrapper', () => JSON.stringify({ identity, list: [identity] })],
    ['the inspector', () => inspect(identity, { depth: 10, showHidden: true, getters: true })],
    [
      'the inspector without custom functions',
      () => inspect(identity, { customInspect: false, showHidden: true, depth: 10 }),
    ],
    ['a string', () => `${identity}`],
    ['a copy by spreading', () => JSON.stringify({ ...identity })],
    ['a clone', () => inspect(structuredClone({ ...identity }))],
    ['its keys and values', () => inspect([Object.entries(identity), Object.keys(identity)])],
  ])('%s does not show the token', (_, show) => {
    expect(show()).not.toContain(TOKEN);
  });

  it('gives the token to whoever asks for it', () => {
    expect(identity.token).toBe(TOKEN);
  });

  it('keeps claims out of the inspector, so out of logs', () => {
    expect(inspect(identity)).not.toContain('groups');
  });

  it('cannot be changed', () => {
    expect(() => Object.assign(identity, { subject: 'mallory' })).toThrow(TypeError);
    expect(() => Object.assign(identity.claims, { sub: 'mallory' })).toThrow(TypeError);
    const [group] = identity.claims['groups'] as object[];
    expect(() => Object.assign(group!, { name: 'admin' })).toThrow(TypeError);
    expect(() => Object.defineProperty(identity, 'token', { value: 'x' })).toThrow(TypeError);
  });

  it('reads scopes from every place, once each', () => {
    expect(identity.scopes).toEqual(['b', 'a', 'c']);
  });
});
