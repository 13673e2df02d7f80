/** Too often is refused, and nobody gets around it, is kept out by somebody else, or learns from it. */

import { describe, expect, it } from 'vitest';
import { createRateLimits, type ProxyOptions, type RateLimitStore } from '../../src/index.ts';
import { authenticate, fakeUpstream, type Harness, harness, identity } from '../support/fakes.ts';

const HERE = { peerAddress: '203.0.113.9' };

interface Sent {
  readonly user?: string;
  readonly method?: string;
  readonly peerAddress?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

function send(door: Harness, sent: Sent = {}): Promise<Response> {
  const { user, method = 'POST', peerAddress = HERE.peerAddress, body = PING } = sent;
  const request = new Request('http://localhost:8080/mcp', {
    method,
    headers: {
      'content-type': 'application/json',
      ...(user !== undefined && { authorization: `Bearer ${user}` }),
      ...sent.headers,
    },
    ...(method === 'POST' && { body }),
  });
  return door.proxy.fetch(request, { peerAddress });
}

async function statuses(
  count: number,
  one: (index: number) => Promise<Response>,
): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) found.push((await one(index)).status);
  return found;
}

describe('the limit of an identity', () => {
  const limited = (options: Parameters<typeof harness>[0] = {}): Harness =>
    harness({
      limits: createRateLimits({ identity: { requests: 3, window: 60_000 }, now: () => 0 }),
      ...options,
    });

  it('answers 429 with the seconds to wait and a fixed text', async () => {
    const door = limited();
    expect(await statuses(3, () => send(door, { user: 'ann' }))).toEqual([200, 200, 200]);
    const refused = await send(door, { user: 'ann' });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('20');
    expect(await refused.text()).toBe(
      '{"jsonrpc":"2.0","error":{"code":429,"message":"Too many requests"}}',
    );
    expect(door.reports.at(-1)).toMatchObject({
      ...{ outcome: 'denied', reason: 'rate-limit', subject: 'ann', source: HERE.peerAddress },
    });
    expect(door.upstream.forwarded).toHaveLength(3);
  });

  it('is one for all methods, also those that open streams or are refused later', async () => {
    const door = limited();
    await send(door, { user: 'ann', method: 'GET' });
    await send(door, { user: 'ann', method: 'DELETE' });
    await send(door, { user: 'ann', body: 'not JSON' });
    for (const method of ['POST', 'GET', 'DELETE']) {
      expect((await send(door, { user: 'ann', method })).status).toBe(429);
    }
  });

  it('counts denied requests', async () => {
    const engine = { authorize: () => ({ allowed: false, id: 'd', policies: [], errors: [] }) };
    const door = limited({
      authorize: { ...engine, filterList: () => ({ ok: true, kept: [] }) } as never,
    });
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}';
    const found = await statuses(4, () => send(door, { user: 'ann', body }));
    expect(found).toEqual([403, 403, 403, 429]);
  });

  it('counts requests of callers who are known but lack a scope, as theirs', async () => {
    const lacking: ProxyOptions['authenticate'] = {
      verify: async () => {
        throw new Error('scope');
      },
      refusedIdentity: (error) =>
        error instanceof Error && error.message === 'scope' ? identity('ann') : undefined,
      toResponse: () => new Response(null, { status: 403 }),
    };
    const rule = { requests: 3, window: 60_000 };
    const limits = createRateLimits({ identity: rule, failedSignIns: rule, now: () => 0 });
    const door = limited({ authenticate: lacking, limits });
    const found = await statuses(5, () => send(door, { user: 'x' }));
    expect(found).toEqual([403, 403, 403, 429, 429]);
    expect(door.reports.map(({ subject }) => subject)).toEqual(Array(5).fill('ann'));
    expect(door.reports.at(-1)).toMatchObject({ reason: 'rate-limit' });
    expect(door.upstream.forwarded).toHaveLength(0);
  });

  it('does not read the body of what it refuses', async () => {
    const door = limited();
    await statuses(3, () => send(door, { user: 'ann' }));
    const request = new Request('http://localhost:8080/mcp', {
      method: 'POST',
      headers: { authorization: 'Bearer ann', 'content-type': 'application/json' },
      body: PING,
    });
    expect((await door.proxy.fetch(request, HERE)).status).toBe(429);
    expect(request.bodyUsed).toBe(false);
  });

  it('is not evaded by another address, session, header or spelling of a header', async () => {
    const door = limited();
    await statuses(3, () => send(door, { user: 'ann' }));
    for (const sent of [
      { peerAddress: '198.51.100.7' },
      { headers: { 'mcp-session-id': 'other' } },
      { headers: { 'x-forwarded-for': '198.51.100.7' } },
      { headers: { 'mcp-protocol-version': '2026-07-28' } },
    ]) {
      expect((await send(door, { user: 'ann', ...sent })).status).toBe(429);
    }
  });

  it('keeps identities apart that differ in anything, and issuers too', async () => {
    const subjects = ['ann', 'Ann', 'ann.', 'ann ', '["https://idp.test","ann"]'];
    const people = [
      ...subjects.map((subject) => identity(subject)),
      identity('ann', 'https://other.test'),
    ];
    let who = people[0]!;
    const door = limited({ authenticate: { ...authenticate, verify: async () => who } });
    for (const person of people) {
      who = person;
      expect(await statuses(4, () => send(door, { user: 'x' }))).toEqual([200, 200, 200, 429]);
    }
  });

  it('refuses at once as many as come at once', async () => {
    const door = limited();
    const found = await Promise.all(Array.from({ length: 50 }, () => send(door, { user: 'ann' })));
    expect(found.filter(({ status }) => status === 200)).toHaveLength(3);
  });

  it('counts together for proxies that share it', async () => {
    const limits = createRateLimits({ identity: { requests: 3, window: 60_000 }, now: () => 0 });
    const doors = [harness({ limits }), harness({ limits })];
    const found = await statuses(4, (index) => send(doors[index % 2]!, { user: 'ann' }));
    expect(found).toEqual([200, 200, 200, 429]);
  });

  describe('when the store fails', () => {
    const store: RateLimitStore = {
      take: () => Promise.reject(new Error('redis at 10.0.0.9 is gone')),
    };
    const rule = { requests: 3, window: 60_000 };

    it('denies by default, without saying why', async () => {
      const door = limited({ limits: createRateLimits({ identity: rule, store }) });
      const answer = await send(door, { user: 'ann' });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await answer.text()).not.toContain('redis');
      expect(door.upstream.forwarded).toHaveLength(0);
      expect(door.reports[0]).toMatchObject({ reason: 'rate-limit-store' });
      expect(door.errors).toHaveLength(1);
    });

    it('allows when told so', async () => {
      const limits = createRateLimits({ identity: rule, store, onStoreError: 'allow' });
      const door = limited({ limits });
      expect((await send(door, { user: 'ann' })).status).toBe(200);
      expect(door.errors).toHaveLength(1);
    });
  });
});

describe('the limit of failed sign-ins', () => {
  let verified = 0;
  let time = 0;
  const known = new Set<string>();
  /** `good…` is accepted, `down` is for a provider that cannot be asked, all else is refused. */
  const counting: ProxyOptions['authenticate'] = {
    verify: async (request) => {
      verified += 1;
      const token = request.headers.get('authorization') ?? '';
      await Promise.resolve();
      if (!token.includes('good')) throw new Error(token);
      known.add(token);
      return identity(token);
    },
    toResponse: (error) => {
      const isDown = error instanceof Error && error.message.includes('down');
      return new Response(null, { status: isDown ? 503 : 401 });
    },
  };
  const remembering: ProxyOptions['authenticate'] = {
    ...counting,
    isCheapToVerify: (request) => {
      const token = request.headers.get('authorization');
      return token === null || known.has(token);
    },
  };
  const limited = (options: Parameters<typeof harness>[0] = {}): Harness => {
    verified = 0;
    time = 0;
    known.clear();
    const failedSignIns = { requests: 3, window: 60_000 };
    const limits = createRateLimits({ failedSignIns, now: () => time });
    return harness({ authenticate: remembering, limits, ...options });
  };

  it('refuses a source before anything is checked, with the text of any other 429', async () => {
    const door = limited();
    expect(await statuses(3, () => send(door, { user: 'bad' }))).toEqual([401, 401, 401]);
    const refused = await send(door, { user: 'bad' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '20']);
    expect(refused.headers.has('www-authenticate')).toBe(false);
    expect(await refused.text()).toBe(
      '{"jsonrpc":"2.0","error":{"code":429,"message":"Too many requests"}}',
    );
    expect(verified).toBe(3);
    expect(door.reports.at(-1)).toMatchObject({ reason: 'sign-in-limit', outcome: 'denied' });
  });

  it('says the same to a good token that it has not seen as to a bad one', async () => {
    const door = limited();
    await statuses(3, () => send(door, { user: 'bad' }));
    const answers = await Promise.all(['good', 'bad', 'other'].map((user) => send(door, { user })));
    const said = await Promise.all(
      answers.map(async (answer) => [answer.status, [...answer.headers], await answer.text()]),
    );
    expect(said[1]).toEqual(said[0]);
    expect(said[2]).toEqual(said[0]);
  });

  it('lets colleagues behind the same address go on', async () => {
    const door = limited();
    await send(door, { user: 'good' });
    await statuses(4, () => send(door, { user: 'bad' }));
    expect(await statuses(20, () => send(door, { user: 'good' }))).toEqual(Array(20).fill(200));
    // Whoever begins to sign in is told how.
    expect((await send(door)).status).toBe(401);
    expect((await send(door, { user: 'bad' })).status).toBe(429);
  });

  it('counts neither what is accepted, nor requests without a token, nor a provider that is down', async () => {
    const door = limited();
    await statuses(20, () => send(door, { user: 'good' }));
    await statuses(20, () => send(door));
    await statuses(20, () => send(door, { user: 'down' }));
    expect(await statuses(4, () => send(door, { user: 'bad' }))).toEqual([401, 401, 401, 429]);
  });

  it('counts everything that is refused where nobody says what is cheap', async () => {
    const door = limited({ authenticate: counting });
    expect(await statuses(4, () => send(door))).toEqual([401, 401, 401, 429]);
    expect(verified).toBe(3);
  });

  it('is not evaded by asking many times at once', async () => {
    const door = limited();
    const users = Array.from({ length: 50 }, (_, index) => `bad${index}`);
    await Promise.all(users.map((user) => send(door, { user })));
    expect(verified).toBe(3);
  });

  it('is not evaded by hanging up', async () => {
    const door = limited();
    const gone: ProxyOptions['authenticate'] = {
      ...remembering,
      verify: async (request) => {
        verified += 1;
        throw new Error(request.signal.aborted ? 'down' : 'bad');
      },
    };
    const failedSignIns = { requests: 3, window: 60_000 };
    const leaving = harness({ authenticate: gone, limits: createRateLimits({ failedSignIns }) });
    for (let index = 0; index < 10; index += 1) {
      const request = new Request('http://localhost:8080/mcp', {
        headers: { authorization: 'Bearer bad' },
        signal: AbortSignal.abort(),
      });
      await leaving.proxy.fetch(request, HERE);
    }
    expect(verified).toBe(3);
    expect(door.errors).toEqual([]);
  });

  it.each([
    ['another method', { method: 'GET' }],
    [
      'a forwarding header',
      { headers: { 'x-forwarded-for': '198.51.100.7', forwarded: 'for=198.51.100.7' } },
    ],
    ['another spelling of the address', { peerAddress: '::ffff:203.0.113.9' }],
  ])('is not evaded by %s', async (_name, sent) => {
    const door = limited();
    await statuses(3, () => send(door, { user: 'bad' }));
    expect((await send(door, { user: 'bad', ...sent })).status).toBe(429);
  });

  it('counts an IPv6 network of /64 as one source', async () => {
    const door = limited();
    const addresses = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:DB8:1:2:3:4:5:6'];
    await statuses(3, (index) => send(door, { user: 'bad', peerAddress: addresses[index]! }));
    expect((await send(door, { user: 'bad', peerAddress: '2001:db8:1:2::9' })).status).toBe(429);
    expect((await send(door, { user: 'bad', peerAddress: '2001:db8:1:3::9' })).status).toBe(401);
  });

  it('counts by the address behind a trusted proxy, not by the proxy', async () => {
    const door = limited({ trustedProxies: [HERE.peerAddress] });
    const from = (address: string): Sent => ({
      user: 'bad',
      headers: { 'x-forwarded-for': address },
    });
    await statuses(3, () => send(door, from('198.51.100.7')));
    expect((await send(door, from('198.51.100.7'))).status).toBe(429);
    expect((await send(door, from('198.51.100.8'))).status).toBe(401);
  });

  it('ends after a while, and never lasts longer because the clock was set back', async () => {
    const door = limited();
    await statuses(9, () => send(door, { user: 'bad' }));
    time += 20_000;
    expect(await statuses(2, () => send(door, { user: 'bad' }))).toEqual([401, 429]);
    time -= 1_000_000_000;
    expect((await send(door, { user: 'bad' })).headers.get('retry-after')).toBe('20');
  });

  it('locks nobody out where the source is not known, and says so once', async () => {
    const door = limited();
    const request = (): Request =>
      new Request('http://localhost:8080/mcp', { headers: { authorization: 'Bearer bad' } });
    expect(await statuses(5, () => door.proxy.fetch(request()))).toEqual(Array(5).fill(401));
    expect(door.errors.map(String)).toEqual([
      expect.stringContaining('give fetch its peerAddress'),
    ]);
  });

  it('holds nothing for requests that take long', async () => {
    let release = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      release = resolve;
    });
    const upstream = fakeUpstream(async () => {
      await wait;
      return new Response(null, { status: 202 });
    });
    const door = limited({ upstream });
    const slow = Array.from({ length: 10 }, () => send(door, { user: 'good' }));
    // Signed in one after the other, they all wait for the server.
    await expect.poll(() => upstream.forwarded.length).toBeGreaterThanOrEqual(3);
    expect(await statuses(2, () => send(door, { user: 'bad' }))).toEqual([401, 401]);
    release();
    await Promise.all(slow);
  });
});

describe('createRateLimits', () => {
  const rule = { requests: 3, window: 60_000 };
  it.each([
    [{ identity: { ...rule, requests: 0 } }, '"identity.requests"'],
    [{ identity: { ...rule, requests: 1.5 } }, '"identity.requests"'],
    [{ failedSignIns: { ...rule, window: 10 } }, '"failedSignIns.window"'],
    [{ failedSignIns: { ...rule, window: Number.NaN } }, '"failedSignIns.window"'],
    [{ failedSignIns: rule, onStoreError: 'allow' as const }, '"onStoreError" does nothing'],
    [{ store: { take: async () => 0 } }, '"store" does nothing'],
  ])('refuses %j', (options, message) => {
    expect(() => createRateLimits(options)).toThrow(message);
  });
});
