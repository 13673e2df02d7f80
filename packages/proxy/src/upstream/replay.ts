/** Which requests may be sent a second time: those that cannot have run, and those that only read. */

const HARMLESS: ReadonlySet<string> = new Set([
  'ping',
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'tasks/list',
  'tasks/get',
  'prompts/get',
  'resources/read',
  'completion/complete',
]);

/**
 * True for what only reads. `tools/call` may have run, and running it again may pay a bill twice; so
 * may whatever is not known here.
 */
export function isHarmless(method: string | undefined): boolean {
  return method !== undefined && HARMLESS.has(method);
}

/** What Node, undici and Bun call a connection that was never made. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ConnectionRefused',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Calls of the system that come before a connection; where none is named, the code says enough. */
const CONNECTING: readonly unknown[] = ['connect', 'getaddrinfo', undefined];

/** Deno has no code for it, only these words; a URL has no blanks in which they could be forged. */
const DENO_NOT_CONNECTED = /^error sending request for url \(\S+\): client error \(Connect\):/;

/** True when no byte of the request can have reached a server. What is not known here may have. */
export function wasNeverSent(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    const { code, errors, syscall } = at as Readonly<Record<string, unknown>> & Error;
    // A host can become unreachable when a request is on its way.
    if (typeof code === 'string' && NOT_CONNECTED.has(code)) return CONNECTING.includes(syscall);
    // A name with several addresses fails once for each.
    if (Array.isArray(errors) && errors.length > 0) return errors.every(wasNeverSent);
    if (code === undefined && DENO_NOT_CONNECTED.test(at.message)) return true;
    at = at.cause;
  }
  return false;
}
