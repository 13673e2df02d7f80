/** Against a real oidc-provider over loopback http. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createTokenValidator,
  type TokenValidator,
  type TokenValidatorOptions,
} from '../../src/index.ts';
import { createGuardedFetch } from '../../src/node.ts';
import {
  JWT_RESOURCE,
  OPAQUE_RESOURCE,
  type RealProvider,
  startRealProvider,
} from '../support/real-provider.ts';
import { outcome } from '../support/validator.ts';

let provider: RealProvider;
let validator: TokenValidator | undefined;
const fetch = createGuardedFetch();

beforeEach(async () => {
  // oidc-provider prints notices about its defaults.
  for (const method of ['info', 'warn', 'log'] as const)
    vi.spyOn(console, method).mockReturnValue();
  provider = await startRealProvider();
});
afterEach(async () => {
  validator?.close();
  fetch.close();
  await provider.stop();
  vi.restoreAllMocks();
});

function make(options: Partial<TokenValidatorOptions> = {}): TokenValidator {
  validator = createTokenValidator({
    issuer: provider.issuer,
    audiences: [JWT_RESOURCE],
    fetch,
    ...options,
  });
  return validator;
}
const fetches = () =>
  provider.asked.filter((path) => path === '/jwks' || path.startsWith('/.well-known'));

describe('JWT access tokens', () => {
  it('of a client (client credentials)', async () => {
    const token = await provider.clientCredentials(JWT_RESOURCE);
    const identity = await make().validate(token);
    expect(identity).toMatchObject({
      issuer: provider.issuer,
      subject: 'service',
      scopes: ['mcp:read'],
    });
  });

  it('of a user (authorization code with PKCE)', async () => {
    const identity = await make().validate(await provider.authorizationCode(JWT_RESOURCE));
    expect(identity).toMatchObject({
      subject: 'alice',
      claims: { groups: ['staff'], client_id: 'app' },
    });
  });

  it('for another resource are refused', async () => {
    const token = await provider.clientCredentials(JWT_RESOURCE);
    expect(await outcome(make({ audiences: ['https://other'] }).validate(token))).toBe(
      'ERR_OIDC_AUDIENCE',
    );
  });
});

describe('opaque access tokens', () => {
  it('are introspected, and refused once they are revoked', async () => {
    let seconds = Date.now() / 1000;
    const options = {
      introspection: provider.introspection,
      audiences: [OPAQUE_RESOURCE],
      now: () => seconds * 1000,
    };
    const token = await provider.authorizationCode(OPAQUE_RESOURCE);
    const identity = await make(options).validate(token);
    expect(identity).toMatchObject({
      issuer: provider.issuer,
      subject: 'alice',
      scopes: ['mcp:read'],
    });
    const service = await provider.clientCredentials(OPAQUE_RESOURCE);
    const bots = make({ ...options, principalClaim: 'client_id' });
    expect(await bots.validate(service)).toMatchObject({ subject: 'service' });
    await provider.revoke(service);
    expect(await outcome(bots.validate(service))).toBe('accepted');
    seconds += 61;
    expect(await outcome(bots.validate(service))).toBe('ERR_OIDC_TOKEN_INACTIVE');
  });

  it('with wrong client credentials are our fault', async () => {
    const introspection = { ...provider.introspection, clientSecret: 'wrong' };
    const token = await provider.clientCredentials(OPAQUE_RESOURCE);
    const work = make({ introspection, audiences: [OPAQUE_RESOURCE] }).validate(token);
    await expect(work).rejects.toMatchObject({
      code: 'ERR_OIDC_INTROSPECTION',
      detail: { reason: 'client credentials refused' },
    });
  });
});

describe('the provider changes', () => {
  it('rotates its keys while requests run', async () => {
    const judge = make({ tokenCacheSize: 0 });
    const failures: string[] = [];
    const before = await provider.clientCredentials(JWT_RESOURCE);
    let current = before;
    let running = true;
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (running) {
          const code = await outcome(judge.validate(current));
          if (code !== 'accepted') failures.push(code);
        }
      }),
    );
    await provider.rotate(true);
    current = await provider.clientCredentials(JWT_RESOURCE);
    expect(await outcome(judge.validate(current))).toBe('accepted');
    expect(await outcome(judge.validate(before))).toBe('accepted');
    running = false;
    await load;
    expect(failures).toEqual([]);
    expect(fetches()).toHaveLength(3);
  });

  it('removes a key: its tokens are refused as soon as the new set is known', async () => {
    const judge = make();
    const before = await provider.clientCredentials(JWT_RESOURCE);
    expect(await outcome(judge.validate(before))).toBe('accepted');
    await provider.rotate(false);
    const after = await provider.clientCredentials(JWT_RESOURCE);
    expect(await outcome(judge.validate(after))).toBe('accepted');
    expect(await outcome(judge.validate(before))).toBe('ERR_OIDC_KEY_UNKNOWN');
  });

  it('restarts: nobody notices', async () => {
    const judge = make({ tokenCacheSize: 0 });
    const token = await provider.clientCredentials(JWT_RESOURCE);
    expect(await outcome(judge.validate(token))).toBe('accepted');
    await provider.stop();
    expect(await outcome(judge.validate(token))).toBe('accepted');
    await provider.start();
    expect(await outcome(judge.validate(await provider.clientCredentials(JWT_RESOURCE)))).toBe(
      'accepted',
    );
  });

  it('is down at start, for five seconds after it is back, and then not', async () => {
    let now = Date.now();
    const token = await provider.clientCredentials(JWT_RESOURCE);
    await provider.stop();
    const judge = make({ now: () => now });
    await expect(judge.validate(token)).rejects.toMatchObject({
      code: 'ERR_OIDC_DISCOVERY',
      detail: { reason: 'ECONNREFUSED' },
    });
    await provider.start();
    expect(await outcome(judge.ready())).toBe('ERR_OIDC_DISCOVERY');
    now += 5000;
    expect(await outcome(judge.ready())).toBe('accepted');
    expect(await outcome(judge.validate(token))).toBe('accepted');
  });

  it('is slow: 50 first requests cause one discovery and one key fetch', async () => {
    const token = await provider.clientCredentials(JWT_RESOURCE);
    provider.delay = 100;
    const judge = make();
    const codes = await Promise.all(
      Array.from({ length: 50 }, () => outcome(judge.validate(token))),
    );
    expect(new Set(codes)).toEqual(new Set(['accepted']));
    expect(fetches()).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  it('never answers: the time limit holds, and ends in 503', async () => {
    const token = await provider.clientCredentials(JWT_RESOURCE);
    provider.delay = 60_000;
    const started = performance.now();
    await expect(make({ timeout: 50 }).validate(token)).rejects.toMatchObject({
      detail: { reason: 'timeout' },
    });
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
