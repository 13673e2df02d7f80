/**
 * A `fetch` that judges the address a connection really has (D18): names are resolved here, refused
 * addresses are dropped before a connection is tried, and the connected socket is checked again, so
 * neither a DNS answer that changes nor an embedded address gets past.
 */
import { lookup as systemLookup } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import {
  type FetchLike,
  isLoopbackAddress,
  isLoopbackHost,
  isSpecialAddress,
  OidcError,
} from '@thv/oidc';
import { type CaBundle, loadCaBundle } from './ca-bundle.ts';

/** Options of {@link createGuardedFetch}. */
export interface GuardedFetchOptions {
  /** Private and special addresses. Default false. */
  readonly allowPrivateAddresses?: boolean;
  /** Plain http to hosts that are not loopback by name. Default false. */
  readonly allowInsecureHttp?: boolean;
  /** PEM file with authorities that are trusted besides the system's; re-read when it changes. */
  readonly caBundleFile?: string;
  /** Bytes of a response body at most. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Resolves names. Default: the system's resolver. */
  readonly lookup?: LookupFunction;
}

/** A guarded `fetch` with connections that can be closed. */
export interface GuardedFetch extends FetchLike {
  /** Closes idle connections. */
  close(): void;
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * Creates a `fetch` for identity providers. Redirects are returned, never followed; compressed
 * bodies are refused; proxies from the environment are not used, since they would hide the address.
 *
 * @throws {TypeError} when the CA bundle cannot be read or holds no certificate
 */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const { allowPrivateAddresses = false, maxBytes = 1024 * 1024, caBundleFile } = options;
  const resolve = options.lookup ?? (systemLookup as LookupFunction);
  const bundle = caBundleFile === undefined ? undefined : loadCaBundle(caBundleFile);
  let agents = createAgents(bundle);

  const mayConnect = (host: string, address: string): boolean => {
    // A loopback name may be asked without encryption, so it must not lead off this machine.
    if (isLoopbackHost(host)) return isLoopbackAddress(address);
    return allowPrivateAddresses || !isSpecialAddress(address);
  };

  const lookup: LookupFunction = (host, lookupOptions, callback) => {
    resolve(host, { ...lookupOptions, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const allowed = [found].flat().filter((item) => {
        return typeof item !== 'string' && mayConnect(host, item.address);
      }) as { address: string; family: number }[];
      const [first] = allowed;
      if (first === undefined) return callback(refused(), []);
      if (lookupOptions.all) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };

  function open(url: URL, init: RequestInit): Promise<IncomingMessage> {
    return new Promise((done, fail) => {
      if (bundle?.refresh()) {
        closeAgents(agents);
        agents = createAgents(bundle);
      }
      const secure = url.protocol === 'https:';
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method: init.method ?? 'GET',
        headers: { ...toHeaders(init), 'accept-encoding': 'identity' },
        agent: secure ? agents.https : agents.http,
        lookup,
        ...(init.signal ? { signal: init.signal } : {}),
      });
      const host = unbracket(url.hostname);
      const judge = (socket: Socket) => {
        if (!mayConnect(host, socket.remoteAddress ?? '')) request.destroy(refused());
      };
      request.on('socket', (socket) => {
        if (socket.connecting) socket.once('connect', () => judge(socket));
        else judge(socket);
      });
      request.on('response', done);
      request.on('error', fail);
      request.end(toBody(init));
    });
  }

  const guardedFetch = async (text: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(text);
    const host = unbracket(url.hostname);
    const mayBePlain = options.allowInsecureHttp || isLoopbackHost(host);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain)) throw refused();
    // The resolver is not asked for literal addresses.
    if (/^[\d.]+$|:/.test(host) && !mayConnect(host, host)) throw refused();
    return toResponse(await open(url, init), maxBytes);
  };
  return Object.assign(guardedFetch, { close: () => closeAgents(agents) });
}

function createAgents(bundle: CaBundle | undefined): Agents {
  const shared = { keepAlive: true, maxSockets: 32, maxFreeSockets: 4, timeout: 30_000 };
  const trusted = bundle === undefined ? {} : { ca: [...bundle.certificates()] };
  return {
    http: new HttpAgent(shared),
    https: new HttpsAgent({ ...shared, ...trusted, minVersion: 'TLSv1.2' }),
  };
}

function closeAgents({ http, https }: Agents): void {
  http.destroy();
  https.destroy();
}

function refused(): OidcError {
  const reason = 'private address';
  return new OidcError('ERR_OIDC_ADDRESS', `Provider address refused: ${reason}`, { reason });
}

function unbracket(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function toHeaders(init: RequestInit): Record<string, string> {
  return Object.fromEntries(new Headers(init.headers));
}

function toBody({ body }: RequestInit): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('"body" must be text, bytes or URLSearchParams');
}

async function toResponse(message: IncomingMessage, maxBytes: number): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const encoding = message.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    message.destroy();
    throw new Error('the response is compressed');
  }
  // Leaving the loop early destroys the message and with it the connection.
  for await (const chunk of message) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error('the response is too large');
    chunks.push(chunk);
  }
  const headers = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const status = message.statusCode ?? 0;
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : Buffer.concat(chunks), { status, headers });
}
