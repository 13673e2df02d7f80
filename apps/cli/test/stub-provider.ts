/** An HTTP(S) server that plays the parts of a provider which the development provider has not. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface StubProvider {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

export interface StubProviderOptions {
  /** The answer to a request; undefined is a 404. */
  readonly answer: (request: SeenRequest) => unknown;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default 127.0.0.1. */
  readonly host?: string;
}

/** Starts it. An answer of a number is a status; anything else is sent as JSON. */
export async function startStubProvider(options: StubProviderOptions): Promise<StubProvider> {
  const seen: SeenRequest[] = [];
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      const one = { path: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      const answer = options.answer(one) ?? 404;
      if (typeof answer === 'number') {
        response.writeHead(answer).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  };
  const server =
    options.tls === undefined ? createServer(listener) : createSecureServer(options.tls, listener);
  await new Promise<void>((resolve) => {
    server.listen(0, options.host ?? '127.0.0.1', resolve);
  });
  // Safe: a server that listens on a port has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
