/** Values that callers and servers choose, made few enough to be labels of metrics. */

import { ruleOf } from '../mcp/methods.ts';

/** OpenTelemetry's word for what is none of the known values. */
export const OTHER = '_OTHER';

const HTTP_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'DELETE', 'OPTIONS']);

/** The method where MCP knows it. */
export function methodLabel(method: string): string {
  const isKnown = ruleOf(method, '2025') !== undefined || ruleOf(method, '2026') !== undefined;
  return isKnown ? method : OTHER;
}

/** The HTTP method where there is one that means something here. */
export function httpMethodLabel(method: string): string {
  return HTTP_METHODS.has(method) ? method : OTHER;
}

/** Codes come from fixed vocabularies, but an embedder's authenticator may have one of its own. */
const MAX_CODES = 100;

/** Lets the first hundred codes through, and what comes after them as one. */
export function createCodeLabels(): (code: string) => string {
  const known = new Set<string>();
  return (code) => {
    if (known.has(code)) return code;
    if (known.size >= MAX_CODES || !/^[\w:.-]{1,64}$/.test(code)) return OTHER;
    known.add(code);
    return code;
  };
}
