/** The referee cannot sign in: this stands before the proxy and adds a token to every request. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { type HttpServer, serveNode } from './serve-node.ts';

/** @param token asked for with every request */
export function startTokenShim(target: string, token: () => Promise<string>): Promise<HttpServer> {
  const { hostname, port, pathname } = new URL(target);
  const shim = serveNode(async (incoming, outgoing) => {
    const headers: IncomingHttpHeaders = {
      ...incoming.headers,
      authorization: `Bearer ${await token()}`,
    };
    // Whoever means the shim means the proxy; a foreign name stays what it is.
    for (const name of ['host', 'origin'] as const) {
      const value = headers[name]?.replace(`:${(await shim).port}`, `:${port}`);
      if (value !== undefined) headers[name] = value;
    }
    const { method, url } = incoming;
    const path = url === '/mcp' ? pathname : url;
    const forwarded = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.once('close', () => outgoing.destroy());
    });
    // A client that goes away is gone for the proxy too, and the other way round.
    outgoing.once('close', () => forwarded.destroy());
    forwarded.once('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  return shim;
}
