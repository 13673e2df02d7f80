/** Serves a proxy on Node: binds, answers, and ends in order (D40). */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { ProxyError } from '../errors.ts';
import type { PeerInfo } from '../source/request-source.ts';
import { answerDirectly, type DirectAnswer } from './direct.ts';

export interface ListenOptions {
  /** Address or name to bind, such as `127.0.0.1`. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /**
   * Replaces the global `Request` and `Response` by the server's own, which are several times
   * faster. For programs, not for libraries. Default false.
   */
  readonly replaceGlobals?: boolean;
}

/** A bound address. Requests get 503 until `answer` says who serves them. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /**
   * Begins to serve.
   *
   * @param fetch answers everything
   * @param direct what answers the POSTs to exactly this path, and is faster; asked for each one
   */
  answer(
    fetch: (request: Request, peer: PeerInfo) => Promise<Response>,
    direct?: (path: string) => DirectAnswer | undefined,
  ): void;
  /**
   * Stops accepting, lets requests in flight finish, then closes what is left.
   *
   * @param grace milliseconds to wait; default 30,000
   */
  close(grace?: number): Promise<void>;
}

/**
 * Binds an address.
 *
 * @throws ProxyError `ERR_PROXY_LISTEN` when it cannot be bound.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  let fetch: (request: Request, peer: PeerInfo) => Promise<Response> = notReady;
  let direct: (path: string) => DirectAnswer | undefined = () => undefined;
  const answerByFetch = getRequestListener(
    (request, { incoming }) => fetch(request, peerOf(incoming.socket as Socket)),
    { overrideGlobalObjects: options.replaceGlobals ?? false },
  );
  const limits = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 120_000 };
  const server = createServer(limits, (incoming, outgoing) => {
    if (namesAnotherHost(incoming)) {
      outgoing.writeHead(400).end();
      return;
    }
    const answer = incoming.method === 'POST' ? direct(pathOf(incoming.url)) : undefined;
    if (answer === undefined) void answerByFetch(incoming, outgoing);
    else {
      const peer = peerOf(incoming.socket);
      void answerDirectly(incoming, outgoing, (request) => answer(request, peer));
    }
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    // Read now: of a connection that is reset later nobody could say where it came from, and what
    // it has sent is looked at all the same. One that is reset already is nobody's.
    if (peerOf(socket).peerAddress === undefined) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await bind(server, options);
  const address = server.address() as AddressInfo; // A bound TCP server has one.
  return {
    host: options.host,
    port: address.port,
    answer: (answer, answerDirect) => {
      fetch = answer;
      direct = answerDirect ?? direct;
    },
    close: (grace = 30_000) => closeServer(server, sockets, grace),
  };
}

/** A whole URL as the target counts for more than `Host` (RFC 9112 §3.2.2), which is what is judged. */
function namesAnotherHost({ url = '/', headers }: IncomingMessage): boolean {
  if (url.startsWith('/')) return false;
  const target = URL.parse(url);
  if (target === null || target.host === '') return false;
  const told = URL.parse(`${target.protocol}//${headers.host}`);
  return target.host !== told?.host || target.username !== '' || target.password !== '';
}

/** The path as it was sent: another spelling of it is not taken for the same here. */
function pathOf(target = ''): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** Milliseconds. */
const SWEEP_EVERY = 50;

/** One for each connection: its address never changes, and requests are many. */
const peers = new WeakMap<Socket, PeerInfo>();

function peerOf(socket: Socket): PeerInfo {
  const known = peers.get(socket);
  if (known !== undefined) return known;
  const peer = { peerAddress: socket.remoteAddress };
  peers.set(socket, peer);
  return peer;
}

async function notReady(): Promise<Response> {
  return Response.json({ error: 'starting' }, { status: 503, headers: { 'retry-after': '1' } });
}

function bind(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const why =
        error.code === 'EADDRINUSE'
          ? 'the port is in use'
          : error.code === 'EACCES'
            ? 'not permitted; ports below 1024 belong to root'
            : error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
              ? 'this machine has no such address'
              : (error.code ?? 'the address cannot be bound');
      reject(new ProxyError('ERR_PROXY_LISTEN', `cannot listen on ${host}:${port}: ${why}`));
    };
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>, grace: number): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    const timer = setTimeout(() => server.closeAllConnections(), grace);
    // Node looks once and at used connections only: not at one whose last answer or stream ends
    // later, nor at one that a client opened in advance.
    const closeUnused = (): void => {
      server.closeIdleConnections();
      for (const socket of sockets) {
        if (socket.bytesRead === 0) socket.destroy();
      }
    };
    const sweep = setInterval(closeUnused, SWEEP_EVERY);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(sweep);
      resolve();
    });
    closeUnused();
  });
}
