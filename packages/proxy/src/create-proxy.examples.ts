/** The examples of the README, compiled. */

import { createHttpUpstream, createProxy, type ProxyOptions } from './index.ts';

export async function basic(
  authenticate: ProxyOptions['authenticate'],
  authorize: ProxyOptions['authorize'],
  request: Request,
): Promise<Response> {
  // #region basic
  const proxy = createProxy({
    upstream: createHttpUpstream({ url: 'http://localhost:8000/mcp' }),
    authenticate, // of @thv/oidc, or your own
    authorize, // of @thv/authz, or your own
    origins: { allowedHosts: ['mcp.example.com'] },
  });
  const response = await proxy.fetch(request);
  // #endregion basic
  return response;
}
