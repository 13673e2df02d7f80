/** The door on Cloudflare Workers; ISSUER, RESOURCE and UPSTREAM are its variables. */
import cedarModule from '@cedar-policy/cedar-wasm/web/cedar_wasm_bg.wasm';
import { createAuthorizer, createCedar } from '@thv/authz';
import { createHttpUpstream, type McpProxy } from '@thv/proxy';
import policies from './authz.json' with { type: 'json' };
import { protect } from './protect.ts';

interface Variables {
  readonly ISSUER: string;
  readonly RESOURCE: string;
  readonly UPSTREAM: string;
}

let proxy: McpProxy | undefined;

/** Made once per isolate: it remembers keys, sessions and tools. */
function open({ ISSUER: issuer, RESOURCE: resource, UPSTREAM: url }: Variables): McpProxy {
  proxy ??= protect({
    issuer,
    resource,
    upstream: createHttpUpstream({ url }),
    authorize: createAuthorizer(policies, { cedar: createCedar(cedarModule) }),
  });
  return proxy;
}

// biome-ignore lint/style/noDefaultExport: what the runtime looks for.
export default {
  fetch: (request: Request, variables: Variables): Promise<Response> => {
    const peerAddress = request.headers.get('cf-connecting-ip');
    return open(variables).fetch(request, peerAddress === null ? {} : { peerAddress });
  },
};
