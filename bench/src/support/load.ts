/** The one request of the benchmarks over HTTP, sent again and again. */

import autocannon from 'autocannon';

const CONNECTIONS = 32;

export const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
} as const;

const BODY = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'weather', arguments: { city: 'Bern' } },
});

/** @param limit seconds, or requests */
export async function send(
  url: string,
  token: string,
  limit: { readonly duration: number } | { readonly amount: number },
): Promise<autocannon.Result> {
  const result = await autocannon({
    url,
    method: 'POST',
    connections: CONNECTIONS,
    headers: { ...JSON_HEADERS, authorization: `Bearer ${token}` },
    body: BODY,
    ...limit,
  });
  assertAnswered(result);
  return result;
}

/** @throws when a request was refused or got no answer: what was measured is something else then */
export function assertAnswered({ url, non2xx, errors }: autocannon.Result): void {
  if (non2xx > 0 || errors > 0) throw new Error(`${url}: ${non2xx} refusals, ${errors} errors`);
}
