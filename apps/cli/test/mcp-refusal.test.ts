import { describe, expect, it } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import {
  type Refusal,
  readChallenge,
  toRefusal,
  withoutSecrets,
} from '../src/services/mcp-refusal.ts';

const SECRET = 'opaque-token-1';
const REFUSAL: Refusal = { status: 500, challenge: '', retryAfter: undefined, body: '' };

function told(refusal: Partial<Refusal> | undefined, error: unknown = new Error('x')): string {
  return toRefusal(error, {
    request: { what: 'mcp call a', explain: '--tool a' },
    refusal: refusal === undefined ? undefined : { ...REFUSAL, ...refusal },
    connection: {
      url: 'http://127.0.0.1:1/mcp',
      headers: {},
      secrets: [`Bearer ${SECRET}`, SECRET],
      hasToken: true,
    },
  }).message;
}

describe('toRefusal', () => {
  it.each<[string, Partial<Refusal>, string]>([
    [
      'a scope that is missing',
      {
        status: 403,
        challenge: 'Bearer error="insufficient_scope", scope="read write"',
        body: '{"error":"insufficient_scope","error_description":"More is needed"}',
      },
      '403, the token lacks a scope: More is needed; get a token with the scopes read write',
    ],
    [
      'a 403 of some other server',
      { status: 403, body: '{"error":{"code":1,"message":"no"}}' },
      '403, the server forbids it: no',
    ],
    [
      'a provider that is down, without a time',
      { status: 503 },
      '503, the server cannot check tokens now, so this says nothing about yours; try again in a while; if it stays, the server cannot reach its identity provider',
    ],
    ['a text that is no JSON', { status: 502, body: '<html>' }, 'the server answers 502'],
    ['a body of odd shape', { status: 500, body: '{"error":[1]}' }, 'the server answers 500'],
    [
      'a server that repeats the token',
      { status: 400, body: JSON.stringify({ error: `bad ${SECRET}` }) },
      'the server answers 400: bad [token]',
    ],
  ])('explains %s', (_name, refusal, expected) => {
    expect(told(refusal)).toBe(`mcp call a: ${expected}`);
  });

  it('explains what happened before any answer', () => {
    const cause = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
    expect(told(undefined, new Error('fetch failed', { cause }))).toBe(
      'mcp call a: http://127.0.0.1:1/mcp: there is no such host; check the URL',
    );
    expect(told(undefined, Object.assign(new Error('no'), { code: -32000 }))).toBe(
      'mcp call a: the server answers with error -32000: no',
    );
    expect(told(undefined, 'odd')).toBe('mcp call a: odd');
  });

  it.each([
    [
      'Invalid result for tools/list: [\n  { "path": ["tools", 0, "name"], "message": "expected string" }\n]',
      'tools/list does not follow the protocol: tools.0.name: expected string',
    ],
    [
      'Invalid result for tools/list: not an object',
      'tools/list does not follow the protocol: not an object',
    ],
    ['What?', 'a request does not follow the protocol: What?'],
  ])('explains an answer that is none: %j', (message, expected) => {
    const error = Object.assign(new Error(message), { code: 'INVALID_RESULT' });
    expect(told(undefined, error)).toBe(
      `mcp call a: the server's answer to ${expected}; tell its author`,
    );
  });

  it('leaves an error that is for the user already as it is', () => {
    const error = new CliError({ exitCode: 1, what: 'a', why: 'b' });
    expect(told({ status: 401 }, error)).toBe('a: b');
  });
});

describe('readChallenge', () => {
  it('reads quoted parameters and nothing else', () => {
    const challenge = 'Bearer realm="a, b", Error="x \\"y\\"", scope = "r w", plain=z';
    expect([...readChallenge(challenge)]).toEqual([
      ['realm', 'a, b'],
      ['error', 'x "y"'],
      ['scope', 'r w'],
    ]);
  });
});

describe('withoutSecrets', () => {
  it('takes out secrets, but not what is as short as a word', () => {
    expect(withoutSecrets('a 12345678 b 1', ['12345678', '1'])).toBe('a [token] b 1');
  });
});
