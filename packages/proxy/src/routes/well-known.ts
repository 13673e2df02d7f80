/** Protected-resource metadata (RFC 9728, D15), open to every origin, and nothing else there. */

import { Hono } from 'hono';

type Document = Readonly<Record<string, unknown>>;

export interface WellKnownOptions {
  /** Absent when callers do not sign in. */
  readonly document: (() => Document) | undefined;
  /** Path of the MCP endpoint. */
  readonly path: string;
}

const ROOT = '/.well-known/oauth-protected-resource';
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, OPTIONS',
  'access-control-allow-headers': 'MCP-Protocol-Version, Content-Type, Authorization',
  'access-control-max-age': '86400',
};

/** Answers everything below `/.well-known/`. */
export function answerWellKnown(request: Request, options: WellKnownOptions): Response {
  const { pathname } = new URL(request.url);
  const document = options.document?.();
  if (document === undefined || !pathsOf(document, options.path).includes(pathname)) {
    return Response.json({ error: 'not_found' }, { status: 404 });
  }
  return answerDocument(request, document);
}

/**
 * The one route that must stand at the root of a host, wherever the endpoint is: the place that
 * RFC 9728 §3.1 gives the document by the path of its resource. Leaves everything else to others.
 */
export function createWellKnownApp(document: WellKnownOptions['document']): Hono {
  const app = new Hono();
  app.all(`${ROOT}/*`, async (context, next) => {
    const request = context.req.raw;
    const current = document?.();
    const isOurs = current !== undefined && new URL(request.url).pathname === placeOf(current);
    return isOurs ? answerDocument(request, current) : next();
  });
  return app;
}

function answerDocument(request: Request, document: Document): Response {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return Response.json(document, { headers: { ...CORS, 'cache-control': 'no-cache' } });
    case 'OPTIONS':
      return new Response(null, { status: 204, headers: CORS });
    default:
      return Response.json(
        { error: 'method_not_allowed' },
        { status: 405, headers: { allow: 'GET, OPTIONS' } },
      );
  }
}

/** Where the document stands: at the root, under the route, and where the resource's path puts it. */
function pathsOf(document: Document, path: string): readonly string[] {
  return [ROOT, `${ROOT}${path}`, placeOf(document)];
}

function placeOf(document: Document): string {
  const resource = document['resource'];
  const resourcePath = typeof resource === 'string' ? URL.parse(resource)?.pathname : undefined;
  const suffix = resourcePath === undefined || resourcePath === '/' ? '' : resourcePath;
  return `${ROOT}${suffix.replace(/\/$/, '')}`;
}
