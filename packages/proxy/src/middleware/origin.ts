/** Keeps foreign web pages out: Origin, Host and CORS (D36). */

import type { Exchange, Next, Stage } from '../exchange.ts';
import type { Answer } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import type { ProxyRequest } from '../http/request.ts';
import { INVALID_REQUEST } from '../mcp/json-rpc.ts';
import { replyError } from '../mcp/reply.ts';
import type { OriginPolicy } from '../options.ts';

const EXPOSED = 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version';
const ALLOWED_HEADERS =
  'Authorization, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, Last-Event-ID, Mcp-Method, Mcp-Name';
/** Most headers of a preflight that are looked at. */
const MAX_ASKED = 100;
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Refuses requests of origins and for hosts that are not allowed; answers CORS preflights. */
export function originStage(policy: () => OriginPolicy): Stage {
  return (exchange, next) => {
    const { request } = exchange;
    const rules = policy();
    if (!isAllowedHost(request, rules)) return refuse(exchange, 'host');
    const origin = request.headers.get('origin');
    // Pages can fetch images and frames without an Origin; browsers say then where they come from.
    const site = request.headers.get('sec-fetch-site');
    if (origin === null && (site === 'cross-site' || site === 'same-site')) {
      return refuse(exchange, 'origin');
    }
    if (origin === null) return request.method === 'OPTIONS' ? noPreflight() : next();
    if (!isAllowedOrigin(origin, rules)) return refuse(exchange, 'origin');
    if (request.method === 'OPTIONS') return withCors(preflight(request), origin);
    return answerWithCors(next, origin);
  };
}

/** True when the request was addressed to a name that this proxy answers for. */
export function isAllowedHost(
  request: Pick<ProxyRequest, 'url' | 'headers'>,
  rules: OriginPolicy,
): boolean {
  const { loopbackPort, allowedHosts = [] } = rules;
  if (loopbackPort === undefined && allowedHosts.length === 0) return true;
  const host = request.headers.get('host') ?? new URL(request.url).host;
  // Nearly every client of this machine; the others are taken apart.
  if (host === `127.0.0.1:${loopbackPort}` || host === `localhost:${loopbackPort}`) return true;
  // A URL may say more than a name and a port.
  const url = /[^\w.:[\]-]/.test(host) ? null : URL.parse(`http://${host}`);
  if (url === null) return false;
  const secure = request.url.startsWith('https:');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (port === loopbackPort && loopbackHost.test(url.hostname)) return true;
  return allowedHosts.some((allowed) => {
    const [name, allowedPort] = splitHost(allowed);
    return (
      name === url.hostname && (allowedPort === undefined ? isDefault(port) : port === allowedPort)
    );
  });
}

function isAllowedOrigin(origin: string, rules: OriginPolicy): boolean {
  const url = URL.parse(origin);
  // An Origin is scheme, host and port; `null` and several joined by a comma are none.
  if (url === null || url.pathname !== '/' || url.search !== '' || url.username !== '')
    return false;
  if (/[\s,]/.test(origin) || origin.endsWith('/')) return false;
  const { loopbackPort, allowedOrigins = [] } = rules;
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (isHttp && port === loopbackPort && loopbackHost.test(url.hostname)) return true;
  return allowedOrigins.some((allowed) => URL.parse(allowed)?.origin === url.origin);
}

function isDefault(port: number): boolean {
  return port === 80 || port === 443;
}

function splitHost(host: string): readonly [string, number | undefined] {
  const url = URL.parse(`http://${host}`);
  const explicit = /:(\d+)$/.exec(host)?.[1];
  return [url?.hostname ?? '', explicit === undefined ? undefined : Number(explicit)];
}

function refuse(exchange: Exchange, reason: 'host' | 'origin'): Response {
  exchange.reason = reason;
  const message = reason === 'host' ? 'Host not allowed' : 'Origin not allowed';
  return replyError({ status: 403, code: INVALID_REQUEST, message });
}

function noPreflight(): Response {
  return new Response(null, { status: 204, headers: { allow: 'GET, POST, DELETE, OPTIONS' } });
}

function preflight({ headers }: ProxyRequest): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
      'access-control-allow-headers': [ALLOWED_HEADERS, ...parametersIn(headers)].join(', '),
      'access-control-max-age': '86400',
      vary: 'Access-Control-Request-Headers',
    },
  });
}

/**
 * Arguments that a page wants to repeat in headers (MCP 2026-07-28). Their names are those that tools
 * give them, and there is no pattern for names beside credentials.
 */
function parametersIn(headers: Headers): readonly string[] {
  const asked = headers.get('access-control-request-headers') ?? '';
  return asked
    .split(',', MAX_ASKED)
    .map((name) => name.trim())
    .filter((name) => /^mcp-param-[\w-]{1,128}$/i.test(name));
}

async function answerWithCors(next: Next, origin: string): Promise<Answer> {
  return withCors(await next(), origin);
}

function withCors(response: Answer, origin: string): Answer {
  const headers = Fields.from(response.headers);
  headers.set('access-control-allow-origin', origin);
  headers.set('access-control-expose-headers', EXPOSED);
  headers.append('vary', 'Origin');
  return { status: response.status, headers, body: response.body };
}
