/** Hand-written fakes of the proxy's interfaces; the real parts are used in `test/e2e`. */

import type { Identity } from '@thv/oidc';
import {
  createProxy,
  type McpMessage,
  type McpProxy,
  type PolicyEngine,
  type PolicyRequest,
  type ProxyOptions,
  type Upstream,
  type UpstreamContext,
} from '../../src/index.ts';

export function identity(subject = 'u', issuer = 'https://idp.test'): Identity {
  return {
    issuer,
    subject,
    claims: { sub: subject, iss: issuer },
    scopes: [],
    expiresAt: undefined,
    token: 'secret',
    actors: [],
  } as unknown as Identity; // The proxy reads data members only.
}

/** `Authorization: Bearer NAME` is NAME; anything else is refused with 401. */
export const authenticate: ProxyOptions['authenticate'] = {
  verify: async (request) => {
    const name = /^Bearer (\w+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
    if (name === undefined) throw Object.assign(new Error('no'), { code: 'ERR_TEST_NO_TOKEN' });
    return identity(name);
  },
  toResponse: () => new Response('{"error":"invalid_token"}', { status: 401 }),
};

export interface Forwarded {
  readonly message: McpMessage | undefined;
  readonly context: UpstreamContext;
}

export interface FakeUpstream extends Upstream {
  readonly forwarded: Forwarded[];
}

/** Records what reaches it and answers with `answer`. */
export function fakeUpstream(
  answer: (
    message: McpMessage | undefined,
    context: UpstreamContext,
  ) => Response | Promise<Response> = (message) =>
    message?.id === undefined
      ? new Response(null, { status: 202 })
      : jsonResult(message.id.text, {}),
): FakeUpstream {
  const forwarded: Forwarded[] = [];
  const take = async (
    message: McpMessage | undefined,
    context: UpstreamContext,
  ): Promise<Response> => {
    forwarded.push({ message, context });
    return answer(message, context);
  };
  return {
    forwarded,
    handle: take,
    stream: (context) => take(undefined, context),
    endSession: (context) => take(undefined, context),
    ready: async () => undefined,
    close: async () => undefined,
  };
}

export function jsonResult(idText: string, result: unknown, init: ResponseInit = {}): Response {
  return new Response(`{"jsonrpc":"2.0","id":${idText},"result":${JSON.stringify(result)}}`, {
    ...init,
    headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
  });
}

/** Permits what `allows` says; lists are judged item by item with the same rule. */
export function engine(
  allows: (request: Pick<PolicyRequest, 'action' | 'target'> & Partial<PolicyRequest>) => boolean,
  readsHints = false,
): PolicyEngine {
  const members = {
    tools: ['tools', 'name', 'call_tool'],
    prompts: ['prompts', 'name', 'get_prompt'],
    resources: ['resources', 'uri', 'read_resource'],
    resource_templates: ['resourceTemplates', 'uriTemplate', 'read_resource'],
  } as const;
  return {
    readsHints,
    authorize: (request) => ({ allowed: allows(request), id: 'd-1', policies: ['p0'], errors: [] }),
    filterList: ({ list }, result) => {
      const [member, key, action] = members[list];
      const items = (result as Record<string, unknown> | null)?.[member];
      if (!Array.isArray(items)) return { ok: false, reason: 'no-items' };
      const kept = items.flatMap((item: unknown, index) => {
        const target = (item as Record<string, unknown> | null)?.[key];
        return typeof target === 'string' && allows({ action, target }) ? [index] : [];
      });
      return { ok: true, kept };
    },
  };
}

export const ALL: PolicyEngine = engine(() => true);
/** Only the tool `weather`. */
export const W: PolicyEngine = engine((r) => r.action === 'call_tool' && r.target === 'weather');

export interface Harness {
  readonly proxy: McpProxy;
  readonly upstream: FakeUpstream;
  readonly reports: Parameters<NonNullable<ProxyOptions['onExchange']>>[0][];
  readonly errors: unknown[];
  /** Sends raw bytes or text to `/mcp` as user `u`. */
  send(body: BodyInit, init?: RequestInit & { readonly path?: string }): Promise<Response>;
  /** Sends one request message. */
  call(method: string, params?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export function harness(
  options: Partial<ProxyOptions> & { readonly upstream?: FakeUpstream } = {},
): Harness {
  const upstream = options.upstream ?? fakeUpstream();
  const reports: Harness['reports'] = [];
  const errors: unknown[] = [];
  const proxy = createProxy({
    authenticate,
    authorize: ALL,
    origins: { loopbackPort: 8080 },
    onExchange: (report) => reports.push(report),
    onError: (error) => errors.push(error),
    ...options,
    upstream,
  });
  const send: Harness['send'] = (body, { path = '/mcp', headers, ...init } = {}) =>
    proxy.fetch(
      new Request(`http://localhost:8080${path}`, {
        method: 'POST',
        headers: {
          host: 'localhost:8080',
          authorization: 'Bearer u',
          'content-type': 'application/json',
          ...(headers as Record<string, string>),
        },
        ...(init.method === 'GET' || init.method === 'HEAD' ? {} : { body }),
        ...init,
      }),
    );
  return {
    proxy,
    upstream,
    reports,
    errors,
    send,
    call: (method, params, headers) =>
      send(
        JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method,
          ...(params === undefined ? {} : { params }),
        }),
        {
          headers: headers ?? {},
        },
      ),
  };
}
