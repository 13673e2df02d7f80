/** A proxy behind a real socket, and ends that write raw bytes on both of its sides. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createProxy, type ProxyOptions, type Upstream } from '../../src/index.ts';
import { type Listener, listen } from '../../src/node/index.ts';
import { authenticate, W } from '../support/fakes.ts';

export interface Wire {
  readonly port: number;
  readonly errors: unknown[];
  /** Sends bytes as they are and gives what came back until the end, or until nothing comes. */
  raw(data: string | Uint8Array, options?: RawOptions): Promise<string>;
  close(): Promise<void>;
}

export interface RawOptions {
  /** Milliseconds of silence after which the answer counts as complete. Default 150. */
  readonly patience?: number;
  /** Destroys the connection as soon as everything is written. */
  readonly leave?: boolean;
}

/** A listening proxy whose only permitted tool is `weather`, and whose users are names. */
export async function serve(
  upstream: Upstream,
  options: Partial<ProxyOptions> & { readonly replaceGlobals?: boolean } = {},
): Promise<Wire> {
  const { replaceGlobals = false, ...proxyOptions } = options;
  const listener: Listener = await listen({ host: '127.0.0.1', port: 0, replaceGlobals });
  const errors: unknown[] = [];
  const proxy = createProxy({
    authenticate,
    authorize: W,
    origins: { loopbackPort: listener.port },
    onError: (error) => errors.push(error),
    ...proxyOptions,
    upstream,
  });
  listener.answer(proxy.fetch, (path) => (path === proxy.path ? proxy.answer : undefined));
  return {
    port: listener.port,
    errors,
    raw: (data, rawOptions = {}) => exchange(listener.port, data, rawOptions),
    close: async () => {
      proxy.endStreams();
      await listener.close(0);
      await proxy.close();
    },
  };
}

function exchange(port: number, data: string | Uint8Array, options: RawOptions): Promise<string> {
  const { patience = 150, leave = false } = options;
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    let timer = setTimeout(done, 3000);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(done, patience);
    });
    socket.on('end', done);
    socket.on('close', done);
    socket.on('error', done);
    socket.write(data, () => {
      if (leave) done();
    });
  });
}

/** A request in raw HTTP/1.1, of user `u`. */
export function request(
  port: number,
  body: string,
  { target = '/mcp', method = 'POST', headers = [] }: RequestParts = {},
): string {
  return [
    `${method} ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Authorization: Bearer u',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
    '',
    body,
  ].join('\r\n');
}

export interface RequestParts {
  readonly target?: string;
  readonly method?: string;
  readonly headers?: readonly string[];
}

export interface RawServer {
  readonly url: string;
  /** Every request as it came. */
  readonly seen: string[];
  close(): Promise<void>;
}

/** A server that answers each request with raw bytes, whatever they are worth. */
export async function rawServer(
  answer: (request: string, socket: Socket) => void,
): Promise<RawServer> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = endOf(text); end !== -1; end = endOf(text)) {
        const one = text.slice(0, end);
        text = text.slice(end);
        seen.push(one);
        answer(one, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Where the first request ends; −1 while it is not complete. */
function endOf(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return -1;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1] ?? 0);
  const end = head + 4 + length;
  return text.length < end ? -1 : end;
}
