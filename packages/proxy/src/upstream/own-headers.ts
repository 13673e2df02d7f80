/** Headers that the proxy sends to the server on its own account, such as a credential of its own. */

import type { Upstream, UpstreamContext } from './upstream.ts';

/** The headers for one request; they replace those of the same name that the caller sent. */
export type OwnHeaders = (context: UpstreamContext) => Promise<Readonly<Record<string, string>>>;

/**
 * The upstream with `headersFor` asked before every request of a caller, so that a credential may
 * change meanwhile. The check of `ready` belongs to no caller and goes without.
 */
export function withOwnHeaders(upstream: Upstream, headersFor: OwnHeaders): Upstream {
  const add = async (context: UpstreamContext): Promise<UpstreamContext> => {
    const headers = new Headers(context.headers);
    for (const [name, value] of Object.entries(await headersFor(context))) headers.set(name, value);
    return { ...context, headers };
  };
  const { legacy } = upstream;
  return {
    handle: async (message, context) => upstream.handle(message, await add(context)),
    stream: async (context) => upstream.stream(await add(context)),
    endSession: async (context) => upstream.endSession(await add(context)),
    ready: (signal) => upstream.ready(signal),
    close: () => upstream.close(),
    ...(legacy !== undefined && {
      legacy: {
        open: async (context: UpstreamContext) => legacy.open(await add(context)),
        send: async (message, context) => legacy.send(message, await add(context)),
      },
    }),
  };
}

/**
 * The caller's own token as a header (D20 keeps it back otherwise). The server can then act as the
 * caller wherever the token is accepted, so this is for servers that are trusted like the proxy.
 */
export const callerToken: OwnHeaders = async ({ identity }) =>
  identity.token === '' ? {} : { authorization: `Bearer ${identity.token}` };
