/** A listening proxy whose users are names, for real clients. */

import { onTestFinished } from 'vitest';
import { createProxy, type ProxyOptions, type Upstream } from '../../src/index.ts';
import { listen } from '../../src/node/index.ts';
import { authenticate } from './fakes.ts';

export interface Front {
  readonly base: string;
  readonly mcp: URL;
  readonly sse: URL;
  readonly errors: unknown[];
  /** Request as user `name`, or as nobody. */
  fetch(path: string, init?: RequestInit, name?: string): Promise<Response>;
  close(): Promise<void>;
}

export async function serveFront(
  upstream: Upstream,
  options: Partial<ProxyOptions> = {},
  /** Without Web requests, as the command and the gateway serve. */
  isDirect = false,
): Promise<Front> {
  const listener = await listen({ host: '127.0.0.1', port: 0 });
  const errors: unknown[] = [];
  const proxy = createProxy({
    authenticate,
    authorize: 'anything-authenticated',
    origins: { loopbackPort: listener.port },
    onError: (error) => errors.push(error),
    ...options,
    upstream,
  });
  listener.answer(proxy.fetch, (path) =>
    isDirect && path === proxy.path ? proxy.answer : undefined,
  );
  const close = async (): Promise<void> => {
    proxy.endStreams();
    await listener.close(100);
    await proxy.close();
  };
  onTestFinished(close);
  const base = `http://127.0.0.1:${listener.port}`;
  return {
    base,
    mcp: new URL(`${base}/mcp`),
    sse: new URL(`${base}/sse`),
    errors,
    fetch: (path, init = {}, name = 'u') =>
      fetch(`${base}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${name}`, ...(init.headers as Record<string, string>) },
      }),
    close,
  };
}

/** What a transport of the SDK needs to call as `name`. */
export function as(name: string): {
  readonly requestInit: { readonly headers: Record<string, string> };
} {
  return { requestInit: { headers: { authorization: `Bearer ${name}` } } };
}
