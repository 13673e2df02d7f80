/**
 * The one way to an identity provider: guarded address, time limit, body limit, and redirects only
 * within the same origin (D18). No error of this file carries a URL, a body or a foreign message.
 */
import { assertEndpoint, type EndpointPolicy } from './address-guard.ts';
import { isOidcError, OidcError, type OidcErrorCode } from './errors.ts';
import { parseStrictJson } from './strict-json.ts';

/** The part of the Web `fetch` function that is used. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** How providers are reached. */
export interface ProviderFetchOptions {
  readonly fetch: FetchLike;
  /** Milliseconds for one exchange, body included. */
  readonly timeout: number;
}

/** One question to a provider. */
export interface ProviderRequest {
  readonly url: URL;
  readonly policy: EndpointPolicy;
  /** Code of the error that is thrown when there is no usable answer. */
  readonly code: OidcErrorCode;
  readonly maxBytes: number;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A provider's answer, read to its end. */
export interface ProviderResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const MAX_REDIRECTS = 3;

/** Asks a provider. Every failure is an {@link OidcError} of the request's code or the guard's. */
export async function fetchFromProvider(
  request: ProviderRequest,
  options: ProviderFetchOptions,
): Promise<ProviderResponse> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort('timeout'), options.timeout);
  const onAbort = () => controller.abort('closed');
  request.signal?.addEventListener('abort', onAbort, { once: true });
  if (request.signal?.aborted) onAbort();
  try {
    // Raced, because an injected fetch may not honour the signal.
    return await Promise.race([
      exchange(request, options.fetch, controller.signal),
      aborted(controller.signal),
    ]);
  } catch (error) {
    if (isOidcError(error)) throw error;
    const reason = controller.signal.aborted
      ? String(controller.signal.reason)
      : networkReason(error);
    throw new OidcError(request.code, `Provider not reachable: ${reason}`, { reason });
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * Reads a provider's JSON strictly.
 *
 * @throws {OidcError} with `code`
 */
export function readProviderJson(response: ProviderResponse, code: OidcErrorCode): unknown {
  try {
    return parseStrictJson(response.body);
  } catch {
    // Only the fact is reported: the body is the provider's.
    throw new OidcError(code, 'Provider answered something that is not JSON', {
      reason: 'not JSON',
    });
  }
}

async function exchange(
  request: ProviderRequest,
  fetch: FetchLike,
  signal: AbortSignal,
): Promise<ProviderResponse> {
  const { policy, code, method = 'GET', headers, body } = request;
  let url = request.url;
  for (let hop = 0; ; hop++) {
    assertEndpoint(url, policy);
    const response = await fetch(url.href, {
      method,
      headers: { accept: 'application/json', 'user-agent': 'thv-oidc', ...headers },
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    });
    const location = response.headers.get('location');
    if (!isRedirect(response)) {
      return {
        status: response.status,
        headers: response.headers,
        body: await readBounded(response, request),
      };
    }
    await response.body?.cancel().catch(() => undefined);
    const next = location === null || method !== 'GET' ? undefined : parseUrl(location, url);
    if (next?.origin !== url.origin || hop >= MAX_REDIRECTS) {
      const reason = 'redirect not followed';
      throw new OidcError(code, `Provider not usable: ${reason}`, {
        reason,
        providerStatus: response.status,
      });
    }
    url = next;
  }
}

function isRedirect(response: Response): boolean {
  const { status, type, redirected } = response;
  return (
    redirected || type === 'opaqueredirect' || (status >= 300 && status < 400 && status !== 304)
  );
}

async function readBounded(response: Response, request: ProviderRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > request.maxBytes) {
      await reader.cancel().catch(() => undefined);
      throw new OidcError(request.code, 'Provider answer too large', { reason: 'too large' });
    }
    chunks.push(value);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error('aborted'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

/** A system error code such as `ECONNREFUSED` is safe and useful; a message is neither. */
function networkReason(error: unknown): string {
  for (
    let at: unknown = error, depth = 0;
    at instanceof Error && depth < 4;
    at = at.cause, depth++
  ) {
    const code: unknown = 'code' in at ? at.code : undefined;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
  }
  return 'network error';
}

function parseUrl(text: string, base: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    // A Location that is no URL cannot be followed; the caller refuses it.
    return undefined;
  }
}
