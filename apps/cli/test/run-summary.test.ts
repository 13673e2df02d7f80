import type { SignInConfig } from '@thv/compose';
import { describe, expect, it } from 'vitest';
import { renderRunSummary } from '../src/output/run-summary.ts';
import { PLAIN } from '../src/output/screen.ts';
import { widthOf } from '../src/output/text-width.ts';

const ISSUER = { issuer: 'https://idp.example/realm', audiences: ['mcp'] };
const URL_OF_SERVER = 'http://127.0.0.1:7777/mcp';

function render(signIn: SignInConfig, screen = PLAIN): string {
  const summary = { name: 'x', url: URL_OF_SERVER, signIn, policyFile: undefined };
  return renderRunSummary(summary, { format: 'text', screen });
}

const firstCall = (text: string): string | undefined => /^AT 401 {3}(.*)$/m.exec(text)?.[1];

describe('what a client does at the first 401', () => {
  it.each<[string, Partial<Extract<SignInConfig, { kind: 'oidc' }>>, string]>([
    [
      'one provider',
      { issuers: [ISSUER] },
      'a client reads http://127.0.0.1:7777/.well-known/oauth-protected-resource/mcp, signs its user in at https://idp.example/realm, and calls again with the token',
    ],
    [
      'a client, scopes and a public URL',
      {
        issuers: [{ ...ISSUER, clientId: 'cli', requiredScopes: ['mcp:use'] }],
        resourceUrl: 'https://mcp.example.com',
      },
      'a client reads https://mcp.example.com/.well-known/oauth-protected-resource, signs its user in at https://idp.example/realm as cli, asks for mcp:use, and calls again with the token',
    ],
    [
      'scopes that are only told',
      { issuers: [ISSUER], scopes: ['a', 'b'] },
      'a client reads http://127.0.0.1:7777/.well-known/oauth-protected-resource/mcp, signs its user in at https://idp.example/realm, asks for a b, and calls again with the token',
    ],
    [
      'keys without a provider',
      { issuers: [{ jwksUrl: 'https://idp.example/keys', audiences: ['mcp'] }] },
      'clients cannot find out where to sign in; give them a token',
    ],
    [
      'the cluster',
      { issuers: [{ inCluster: true, audiences: ['mcp'] }] },
      'clients cannot find out where to sign in; give them a token',
    ],
  ])('with %s', (_name, signIn, expected) => {
    expect(firstCall(render({ kind: 'oidc', issuers: [], ...signIn }))).toBe(expected);
  });

  it('comes with the configuration of a client, which knows the public URL', () => {
    const resourceUrl = 'https://mcp.example.com/mcp';
    const out = render({ kind: 'oidc', issuers: [ISSUER], resourceUrl });
    expect(JSON.parse(out.slice(out.indexOf('{')))).toEqual({
      mcpServers: { x: { type: 'http', url: resourceUrl } },
    });
  });

  it('says nothing where nobody signs in', () => {
    expect(firstCall(render({ kind: 'local-user', subject: 'ann' }))).toBeUndefined();
  });

  it('fits the terminal, but for what has no spaces', () => {
    const lines = render({ kind: 'oidc', issuers: [ISSUER] }, { colour: false, columns: 80 })
      .split('\n')
      .filter((line) => line.trim().includes(' '));
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      expect(widthOf(line), line).toBeLessThanOrEqual(80);
    }
  });
});
