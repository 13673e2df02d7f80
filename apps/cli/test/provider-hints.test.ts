import { describe, expect, it } from 'vitest';
import { PLAIN } from '../src/output/screen.ts';
import { renderTokenReport } from '../src/output/token-report.ts';

function hintOf(detail: string, name = 'keys'): string | undefined {
  const checks = [{ name, ok: false, detail, hint: 'In general.' }] as const;
  const inspection = { ok: false, providerUnreachable: true, checks };
  // Safe: the report reads no more than this.
  const text = renderTokenReport(inspection as unknown as Parameters<typeof renderTokenReport>[0], {
    token: 'aaaaaaaa.bbbbbbbb.cccccccc',
    format: 'text',
    screen: PLAIN,
  });
  return /→ (.*)/.exec(text)?.[1];
}

describe('a provider that cannot be asked', () => {
  it.each([
    ['Provider not reachable: DEPTH_ZERO_SELF_SIGNED_CERT', /--thv-ca-bundle/],
    ['Provider not reachable: UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /--thv-ca-bundle/],
    ['Provider not reachable: ENOTFOUND', /no such host/],
    ['Provider not reachable: ECONNREFUSED', /Nothing listens/],
    ['Provider not reachable: ETIMEDOUT', /firewall/],
    ['Discovery failed: no metadata found', /--oidc-jwks-url/],
    ['Discovery failed: issuer mismatch', /copy `issuer`/],
    ['Provider not reachable: something new', /^In general\.$/],
  ])('%s', (detail, hint) => {
    expect(hintOf(detail)).toMatch(hint);
  });

  it('says nothing of networks about other checks', () => {
    expect(hintOf('ENOTFOUND', 'audience')).toBe('In general.');
  });
});
