/** The keys of the configuration beside `issuers`: what they mean and what is refused. */
import { describe, expect, it } from 'vitest';
import { type GatewayConfig, readGatewayConfig } from '../src/config.ts';

function read(keys: Readonly<Record<string, unknown>>): GatewayConfig {
  const config = {
    version: 1,
    issuers: [{ issuer: 'https://idp.example.com', audiences: ['mcp'] }],
    servers: { weather: { url: 'http://weather.internal/mcp' } },
    ...keys,
  };
  return readGatewayConfig(config, { folder: '/etc/thv', env: {} });
}

describe('trusted_proxies', () => {
  it('are addresses and ranges', () => {
    const trusted_proxies = ['10.0.0.7', '10.0.1.0/28', '2001:db8::/64'];
    expect(read({ trusted_proxies }).trustedProxies).toEqual(trusted_proxies);
  });

  it.each([
    [[], 'trusted_proxies: names nobody; leave it out'],
    ['10.0.0.7', 'trusted_proxies: must be a list of texts'],
    [[10], 'trusted_proxies[0]: must be a text'],
    [['10.0.0.7', 'lb.internal'], 'trusted_proxies: "lb.internal" is not an IP address or range'],
    [['10.0.0.7/8'], 'trusted_proxies: "10.0.0.7/8" names a host in the range; write 10.0.0.0/8'],
    [['0.0.0.0/0'], 'trusted_proxies: "0.0.0.0/0" is every address there is'],
  ])('cannot be %j', (trusted_proxies, problem) => {
    expect(() => read({ trusted_proxies })).toThrow(problem);
  });
});
