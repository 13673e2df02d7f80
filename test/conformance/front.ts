/** The proxy in front of an upstream: sign-in, and a policy that permits everything. */
import { fileURLToPath } from 'node:url';
import { loadAuthorizer } from '@thv/authz/node';
import { createResourceServer, createTokenValidator } from '@thv/oidc';
import { createProxy, type ProxyOptions, type Upstream } from '@thv/proxy';
import { listen } from '@thv/proxy/node';
import { createKeys, ISSUER } from '../runtime/keys.ts';

const ALLOW_ALL = fileURLToPath(new URL('./allow-all.yaml', import.meta.url));

export interface Front {
  readonly url: string;
  /** A token for this caller. */
  sign(subject: string): Promise<string>;
  /** @param patience milliseconds that connections get to end by themselves */
  close(patience: number): Promise<void>;
}

/** @param name of the server, and the audience of its tokens */
export async function startFront(
  name: string,
  upstream: Upstream,
  options: Pick<ProxyOptions, 'onExchange'> = {},
): Promise<Front> {
  const keys = await createKeys();
  const validator = createTokenValidator({ issuer: ISSUER, audiences: [name], fetch: keys.fetch });
  const listener = await listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${listener.port}/mcp`;
  const authenticate = createResourceServer({
    validator,
    resource: url,
    authorizationServers: [ISSUER],
  });
  const proxy = createProxy({
    ...options,
    upstream,
    authenticate,
    authorize: await loadAuthorizer(ALLOW_ALL, { serverName: name }),
    origins: { loopbackPort: listener.port },
  });
  listener.answer(proxy.fetch);
  return {
    url,
    sign: (subject) => keys.sign({ sub: subject, aud: name }),
    async close(patience) {
      proxy.endStreams();
      await listener.close(patience);
      await proxy.close();
      validator.close();
    },
  };
}
