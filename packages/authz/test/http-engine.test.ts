/** `type: httpv1`: vectors G16–G21 and failing closed. */

import { type Authorizer, createAuthorizer, type Decision } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { call, cedar } from './support/authorizer.ts';

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
  readonly body: Record<string, unknown>;
}

interface Setup {
  readonly answer?: (init: RequestInit) => Response | Promise<Response>;
  readonly pdp?: Record<string, unknown>;
  readonly timeout?: number;
  readonly bearerToken?: () => string;
}

function setUp({ answer, pdp, timeout, bearerToken }: Setup = {}): {
  authorizer: Authorizer;
  sent: Sent[];
} {
  const sent: Sent[] = [];
  const http = { url: 'https://pdp.example/base/', ...(timeout === undefined ? {} : { timeout }) };
  const config = { version: '1', type: 'httpv1', pdp: { http, claim_mapping: 'mpe', ...pdp } };
  const authorizer = createAuthorizer(config, {
    cedar,
    serverName: 's',
    bearerToken,
    fetch: async (url, init) => {
      sent.push({ url, init, body: JSON.parse(String(init.body)) as Record<string, unknown> });
      return answer?.(init) ?? Response.json({ allow: true });
    },
  });
  return { authorizer, sent };
}

const decide = async (setup: Setup, ...request: Parameters<typeof call>): Promise<Decision> =>
  setUp(setup).authorizer.authorize(call(...request));

describe('createAuthorizer with httpv1', () => {
  it('G16: sends principal, operation, resource and context', async () => {
    const { authorizer, sent } = setUp({ bearerToken: () => 'secret' });
    await authorizer.authorize(call('weather', { a: 1 }, { claims: { roles: ['r'], email: 'x' } }));
    expect(sent[0]?.url).toBe('https://pdp.example/base/decision');
    expect(sent[0]?.init).toMatchObject({
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: 'Bearer secret' },
    });
    expect(sent[0]?.body).toEqual({
      principal: { sub: 'u', mroles: ['r'], mannotations: {} },
      operation: 'mcp:tool:call',
      resource: 'mrn:mcp:s:tool:weather',
      context: {},
    });
  });

  it('G17: maps standard claims', async () => {
    const { authorizer, sent } = setUp({ pdp: { claim_mapping: 'standard' } });
    await authorizer.authorize(call('x', {}, { claims: { mroles: ['r'] } }));
    expect(sent[0]?.body['principal']).toEqual({ sub: 'u' });
  });

  it('G18, G19: sends arguments and operation when asked to, hints always', async () => {
    const { authorizer, sent } = setUp({
      pdp: { context: { include_args: true, include_operation: true } },
    });
    await authorizer.authorize(call('x', { a: [1] }, { hints: { readOnlyHint: true } }));
    expect(sent[0]?.body['context']).toEqual({
      mcp: {
        feature: 'tool',
        operation: 'call',
        resource_id: 'x',
        args: { a: [1] },
        annotations: { readOnlyHint: true },
      },
    });
    const without = setUp({ pdp: { context: { include_args: true } } });
    await without.authorizer.authorize(call('x', {}));
    expect(without.sent[0]?.body['context']).toEqual({});
    expect(without.authorizer.readsHints).toBe(true);
  });

  it.each<[string, () => Response | Promise<Response>, boolean]>([
    ['allow', () => Response.json({ allow: true }), true],
    ['deny', () => Response.json({ allow: false }), false],
    ['nothing', () => Response.json({}), false],
    ['a text "true"', () => Response.json({ allow: 'true' }), false],
    ['an inherited answer', () => new Response('{"__proto__":{"allow":true}}'), false],
    ['a list', () => Response.json([{ allow: true }]), false],
    ['no JSON', () => new Response('not json'), false],
    ['status 500', () => Response.json({ allow: true }, { status: 500 }), false],
    ['status 400', () => Response.json({ allow: true }, { status: 400 }), false],
    ['status 201', () => Response.json({ allow: true }, { status: 201 }), false],
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'https://x' } }),
      false,
    ],
    ['too much', () => new Response(`{"allow":true,"x":"${'y'.repeat(70_000)}"}`), false],
    ['text that is not UTF-8', () => new Response(new Uint8Array([0x22, 0xff, 0x22])), false],
    ['a network failure', () => Promise.reject(new TypeError('secret host')), false],
  ])('G20, G21: answers %s', async (_, answer, allowed) => {
    const decision = await decide({ answer }, 'x');
    expect(decision.allowed).toBe(allowed);
    expect(JSON.stringify(decision)).not.toContain('secret');
  });

  it('G21: denies when there is no answer in time', async () => {
    const answer = (init: RequestInit): Promise<Response> =>
      new Promise((_, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const decision = await decide({ answer, timeout: 1 }, 'x');
    expect(decision).toMatchObject({
      allowed: false,
      errors: [{ message: expect.stringContaining('in time') }],
    });
  });

  it('filters lists item by item', async () => {
    const { authorizer } = setUp({
      answer: (init) => Response.json({ allow: String(init.body).includes(':tool:a"') }),
    });
    const identity = { subject: 'u', claims: {} };
    const tools = Array.from({ length: 20 }, (_, index) => ({
      name: index === 13 ? 'a' : `b${index}`,
    }));
    expect(await authorizer.filterList({ identity, list: 'tools' }, { tools })).toMatchObject({
      ok: true,
      kept: [13],
    });
    expect(() => authorizer.explain(call('x'))).toThrow(/only Cedar/);
  });
});
