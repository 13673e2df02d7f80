/** Builds what stands before a server that is reached by URL, with the credentials it is sent. */

import {
  callerToken,
  createRecoveringUpstream,
  type OwnHeaders,
  ProxyError,
  type Upstream,
  withOwnHeaders,
} from '@thv/proxy';
import { createUndiciSseUpstream, createUndiciUpstream } from '@thv/proxy/node';
import type { LogEvent } from './config.ts';
import {
  type ForwardedHeader,
  type HttpUpstreamConfig,
  isHeaderValue,
  whyNotForwarded,
} from './http-upstream-config.ts';
import { openSecret, type SecretReader } from './secret-reference.ts';
import type { ServingConfig } from './serving-config.ts';

/**
 * Opens the upstream.
 *
 * @throws {TypeError} naming what cannot be used, never a value
 */
export async function openHttpUpstream(
  config: HttpUpstreamConfig,
  log: (event: LogEvent) => void,
  { requestTimeout, sessionTtl }: Pick<ServingConfig, 'requestTimeout' | 'sessionTtl'> = {},
): Promise<Upstream> {
  const headers = await openHeaders(config);
  const options = {
    url: config.url,
    ...(requestTimeout !== undefined && { headersTimeout: requestTimeout }),
  };
  const own = (upstream: Upstream): Upstream =>
    headers === undefined ? upstream : withOwnHeaders(upstream, headers);
  const onNotice = (notice: Notice): void => log(describe(notice));
  if (config.transport === 'sse') {
    const ttl = sessionTtl === undefined ? {} : { sessionTtl };
    // It begins its sessions anew by itself.
    return own(createUndiciSseUpstream({ ...options, ...ttl, onNotice }));
  }
  return createRecoveringUpstream(own(createUndiciUpstream(options)), {
    onRenewed: () => onNotice({ type: 'session-renewed' }),
  });
}

type Notice = Parameters<NonNullable<Parameters<typeof createUndiciSseUpstream>[0]['onNotice']>>[0];

function describe(notice: Notice): LogEvent {
  switch (notice.type) {
    case 'stream-abandoned':
      return { level: 'warn', message: 'a client reads too slowly; its stream was closed' };
    case 'session-renewed':
      return { level: 'info', message: 'the server had lost a session; it was initialised anew' };
    case 'event-ignored':
    case 'message-dropped':
      return { level: 'debug', message: notice.type, detail: { ...notice } };
  }
}

interface OpenHeader {
  readonly name: string;
  readonly read: SecretReader;
}

async function openHeaders(config: HttpUpstreamConfig): Promise<OwnHeaders | undefined> {
  const { bearerToken, forwardToken = false, headers = [] } = config;
  if (forwardToken && bearerToken !== undefined) {
    throw new TypeError('"forwardToken" contradicts "bearerToken"');
  }
  checkNames(headers, forwardToken || bearerToken !== undefined);
  const own = await Promise.all(headers.map(openHeader));
  if (bearerToken !== undefined) {
    const read = await openSecret('bearerToken', bearerToken);
    const bearer: OpenHeader = {
      name: 'authorization',
      read: async () => `Bearer ${asToken(await read())}`,
    };
    await bearer.read();
    own.push(bearer);
  }
  if (own.length === 0) return forwardToken ? callerToken : undefined;
  return async (context) => {
    const values = await readAll(own);
    return forwardToken ? { ...values, ...(await callerToken(context)) } : values;
  };
}

function checkNames(headers: readonly ForwardedHeader[], hasCredential: boolean): void {
  const names = new Set(hasCredential ? ['authorization'] : []);
  for (const { name } of headers) {
    const why = whyNotForwarded(name);
    if (why !== undefined) throw new TypeError(`"headers" ${why}`);
    if (names.has(name.toLowerCase())) throw new TypeError(`"headers" ${name} is given twice`);
    names.add(name.toLowerCase());
  }
}

/** Reads it once, so that what is missing stops the start (D1). */
async function openHeader({ name, value }: ForwardedHeader): Promise<OpenHeader> {
  const read = typeof value === 'string' ? async () => value : await openSecret('headers', value);
  const checked = async (): Promise<string> => {
    const text = await read();
    if (isHeaderValue(text)) return text;
    throw new TypeError(`"headers" the value of ${name} holds what no header may, or nothing`);
  };
  await checked();
  return { name, read: checked };
}

/** RFC 6750 §2.1; a line break in it would begin another header. */
function asToken(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new TypeError('"bearerToken" is not a token');
}

async function readAll(headers: readonly OpenHeader[]): Promise<Record<string, string>> {
  try {
    const values = headers.map(async ({ name, read }) => [name, await read()] as const);
    return Object.fromEntries(await Promise.all(values));
  } catch (error) {
    // No request goes without its credential: the server might take it for somebody else's.
    const why = error instanceof Error ? error.message : 'unknown';
    throw new ProxyError('ERR_PROXY_UPSTREAM_REFUSED', `a header for the server: ${why}`, {
      cause: error,
    });
  }
}
