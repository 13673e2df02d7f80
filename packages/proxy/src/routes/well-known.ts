/** Protected-resource metadata (RFC 9728, D15), open to every origin, and nothing else there. */

export interface WellKnownOptions {
  /** Absent when callers do not sign in. */
  readonly document: (() => Readonly<Record<string, unknown>>) | undefined;
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
function pathsOf(document: Readonly<Record<string, unknown>>, path: string): readonly string[] {
  const resource = document['resource'];
  const resourcePath = typeof resource === 'string' ? URL.parse(resource)?.pathname : undefined;
  const suffix = resourcePath === undefined || resourcePath === '/' ? '' : resourcePath;
  return [ROOT, `${ROOT}${path}`, `${ROOT}${suffix.replace(/\/$/, '')}`];
}
