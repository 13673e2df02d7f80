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

describe('limits', () => {
  it('are what the contract names', () => {
    const rate = { per: 'identity', requests: 600, window: '1m' };
    const failed_sign_ins = { requests: 50, window: 30 };
    expect(read({ limits: { body_bytes: 1024, rate, failed_sign_ins } }).limits).toEqual({
      bodyBytes: 1024,
      rates: {
        identity: { requests: 600, window: 60_000 },
        failedSignIns: { requests: 50, window: 30_000 },
      },
    });
    expect(read({ limits: { failed_sign_ins: 'none' } }).limits.rates).toEqual({
      failedSignIns: 'none',
    });
    expect(read({}).limits).toEqual({ bodyBytes: undefined, rates: {} });
  });

  it.each([
    [{ rates: {} }, 'limits.rates: unknown key; did you mean "rate"?'],
    [{ body_bytes: 0 }, 'limits.body_bytes: must be a whole number from 1 to'],
    [{ rate: { requests: 1 } }, 'limits.rate.window: must be a duration'],
    [{ rate: { window: '1m' } }, 'limits.rate.requests: must be a whole number from 1 to'],
    [
      { rate: { per: 'address', requests: 1, window: 1 } },
      'limits.rate.per: must be one of identity',
    ],
    [{ rate: { requests: 1, window: '25h' } }, 'limits.rate.window: must be from 1s to 24h'],
    [{ failed_sign_ins: 'off' }, 'limits.failed_sign_ins: must be none, or'],
    [{ failed_sign_ins: { requests: 1.5, window: 1 } }, 'limits.failed_sign_ins.requests: must be'],
  ])('cannot be %j', (limits, problem) => {
    expect(() => read({ limits })).toThrow(problem);
  });
});

describe('store', () => {
  it('is memory, or a Redis whose URL is a secret', () => {
    expect(read({}).store).toEqual({ kind: 'memory' });
    expect(read({ store: { type: 'memory' } }).store).toEqual({ kind: 'memory' });
    expect(read({ store: { type: 'redis', url_env: 'REDIS_URL' } }).store).toEqual({
      ...{ kind: 'redis', url: { env: 'REDIS_URL' }, keyPrefix: 'thv:' },
    });
    const file = { type: 'redis', url_file: 'redis-url', key_prefix: 'prod:' };
    expect(read({ store: file }).store).toEqual({
      ...{ kind: 'redis', url: { file: '/etc/thv/redis-url' }, keyPrefix: 'prod:' },
    });
  });

  it('decides with on_store_error what becomes of what it cannot count', () => {
    const store = { type: 'redis', url_env: 'REDIS_URL' };
    const limits = { rate: { requests: 1, window: 1 }, on_store_error: 'allow' };
    expect(read({ store, limits }).limits.rates.onStoreError).toBe('allow');
  });

  it.each([
    [{}, 'store.type: must be one of memory, redis'],
    [{ type: 'redis' }, 'store: needs url_env or url_file'],
    [{ type: 'redis', url: 'redis://x' }, 'store.url: unknown key; known keys: type, url_env'],
    [{ type: 'redis', url_env: 'A', url_file: 'b' }, 'store: needs url_env or url_file'],
    [{ type: 'redis', url_env: 'A', key_prefix: 'a b' }, 'store.key_prefix: has letters'],
    [{ type: 'memory', url_env: 'A' }, 'store.url_env: means nothing with type: memory'],
  ])('cannot be %j', (store, problem) => {
    expect(() => read({ store })).toThrow(problem);
  });

  it.each([
    [
      { limits: { rate: { requests: 1, window: 1 }, on_store_error: 'allow' } },
      'store.type: redis',
    ],
    [
      { store: { type: 'redis', url_env: 'A' }, limits: { on_store_error: 'deny' } },
      'limits.on_store_error: means nothing without rate',
    ],
  ])('has no idle on_store_error: %j', (keys, problem) => {
    expect(() => read(keys)).toThrow(problem);
  });
});

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

describe('a key without a value', () => {
  it.each([
    [{ listen: null }, 'listen: has no value; leave it out'],
    [{ listen: { host: null } }, 'listen.host: has no value'],
    [{ store: null }, 'store: has no value'],
    [{ limits: null }, 'limits: has no value'],
    [{ authorization: { config: null } }, 'authorization.config: has no value'],
    [{ servers: { w: { url: 'http://w/mcp', tools: null } } }, 'servers.w.tools: has no value'],
    [{ servers: { w: { command: ['w'], env: null } } }, 'servers.w.env: has no value'],
  ])('never stands for a default: %j', (keys, problem) => {
    expect(() => read(keys)).toThrow(problem);
  });
});

describe('listen.host', () => {
  it.each([
    ...['localhost', '0.0.0.0', '127.0.0.1', '::', '::1', 'fe80::1%eth0', 'gateway-1.internal'],
    ...['my_host', 'a.example.', 'xn--bcher-kva.example'],
  ])('may be %s', (host) => {
    expect(read({ listen: { host } }).listen.host).toBe(host);
  });

  it.each([
    ...['http://0.0.0.0', '0.0.0.0:8080', '[::1]', '[::1]:8080', 'a b', 'host/path', '::x', '-a'],
    ...['256.0.0.1', '1.2.3', '127.1', '0x7f.1', 'a..b', '.', ' localhost', 'a\nb', 'bücher'],
    ...['a'.repeat(64), `${'a.'.repeat(127)}a`, '127.0.0.1%eth0'],
  ])('may not be %j', (host) => {
    expect(() => read({ listen: { host } })).toThrow(/^listen\.host: is no address or host name/);
  });
});

describe('public_url', () => {
  it('may have a path', () => {
    const public_url = 'https://mcp.example.com/a/';
    expect(read({ public_url }).publicUrl).toBe('https://mcp.example.com/a');
  });

  it.each([
    'https://mcp.example.com/?a=b',
    'https://mcp.example.com/#x',
    'https://mcp.example.com?',
  ])('cannot be %s: paths follow it', (public_url) => {
    expect(() => read({ public_url })).toThrow('public_url: must not hold a query or fragment');
  });
});

describe('env', () => {
  it.each(['A=B', 'A B', '1', '', '__proto__'])('has no variable %j', (name) => {
    const env = JSON.parse(`{${JSON.stringify(name)}: "x"}`);
    expect(() => read({ servers: { w: { command: ['w'], env } } })).toThrow(
      `servers.w.env.${name}: is no variable`,
    );
  });
});
