/** Knows a tool's hints before it is called: from lists that passed by, or by asking itself (D30). */

import type { ToolHints } from '../authorization.ts';
import { ProxyError } from '../errors.ts';
import { type Exchange, identityOf } from '../exchange.ts';
import { isRecord } from '../mcp/json-rpc.ts';
import { buildMessage, type McpMessage } from '../mcp/message.ts';
import { dropMirrors, forwardedRequestHeaders } from '../upstream/headers.ts';
import type { Upstream, UpstreamContext } from '../upstream/upstream.ts';
import type { HintStore } from './hint-store.ts';
import { readResult } from './read-result.ts';

export interface HintSource {
  /** The hints of a tool, or `not-listed` when the server's whole list does not hold it. */
  of(tool: string, exchange: Exchange): Promise<ToolHints | 'not-listed'>;
}

export interface HintSourceOptions {
  readonly upstream: Upstream;
  readonly store: HintStore;
  readonly now: () => number;
  /** Bytes of one page. */
  readonly maxBytes: number;
}

/** A tool that is not in the list is looked for again after this many milliseconds. */
const RECHECK_AFTER = 10_000;
const MAX_PAGES = 100;
/** How often a list that changes while it is read is read again. */
/** A list is read anew after this many milliseconds: nobody may be told that it changed. */
const GOOD_FOR = 5 * 60_000;
const MAX_ATTEMPTS = 3;
/** Milliseconds for one page. */
const PAGE_TIMEOUT = 30_000;

/** Creates the source. Listings are single-flight: many calls wait for one. */
export function createHintSource(options: HintSourceOptions): HintSource {
  const { store, now } = options;
  let listing: Promise<void> | undefined;

  const listAll = async (exchange: Exchange): Promise<void> => {
    const list = store.list(now());
    let cursor: string | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await fetchPage(options, exchange, cursor);
      list.add(page);
      const next: unknown = page['nextCursor'];
      cursor = typeof next === 'string' && next !== '' ? next : undefined;
      if (cursor === undefined) break;
    }
    list.end();
  };

  const refresh = async (exchange: Exchange): Promise<void> => {
    if (listing !== undefined) {
      const joined = await listing.then(
        () => true,
        // It may have failed for a reason of whoever began it, such as a session that has ended.
        () => false,
      );
      if (joined) return;
    }
    listing ??= listAll(exchange).finally(() => {
      listing = undefined;
    });
    await listing;
  };

  const complete = async (exchange: Exchange): Promise<void> => {
    for (let attempt = 0; store.completeSince === undefined; attempt += 1) {
      if (attempt === MAX_ATTEMPTS)
        throw unanswered('the tool list changes faster than it is read');
      await refresh(exchange);
    }
  };

  return {
    of: async (tool, exchange) => {
      if (store.completeSince === undefined) await complete(exchange);
      else {
        const age = now() - store.completeSince;
        const limit = store.get(tool) === undefined ? RECHECK_AFTER : GOOD_FOR;
        if (age >= limit) await refresh(exchange);
      }
      return store.get(tool) ?? 'not-listed';
    },
  };
}

async function fetchPage(
  { upstream, maxBytes }: HintSourceOptions,
  exchange: Exchange,
  cursor: string | undefined,
): Promise<Record<string, unknown>> {
  const message = listRequest(exchange.message, cursor);
  // Shared by every call that waits for this listing, so no single client may abort it.
  const signal = AbortSignal.timeout(PAGE_TIMEOUT);
  try {
    const response = await upstream.handle(message, listContext(exchange, signal));
    const result = await readResult(response, message, { maxBytes, signal });
    if (isRecord(result) && Array.isArray(result['tools'])) return result;
  } catch (error) {
    if (!signal.aborted) throw error;
    const text = 'the tool list that policies need did not come in time';
    throw new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', text, { cause: error });
  }
  throw unanswered('the tool list that policies need was not answered');
}

function unanswered(text: string): ProxyError {
  return new ProxyError('ERR_PROXY_UPSTREAM_ANSWER', text);
}

/** The proxy's own `tools/list`, in the caller's era and session. */
function listRequest(original: McpMessage | undefined, cursor: string | undefined): McpMessage {
  const era = original?.era ?? '2025';
  const params: Record<string, unknown> = cursor === undefined ? {} : { cursor };
  const meta = original?.params?.['_meta'];
  if (era === '2026' && isRecord(meta)) {
    // What 2026-07-28 requires on every request; not the caller's progress token or its like.
    params['_meta'] = Object.fromEntries(
      Object.entries(meta).filter(([key]) => key.startsWith('io.modelcontextprotocol/')),
    );
  }
  const id = `thv-${crypto.randomUUID()}`;
  return buildMessage({ jsonrpc: '2.0', id, method: 'tools/list', params }, era);
}

function listContext(exchange: Exchange, signal: AbortSignal): UpstreamContext {
  const headers = forwardedRequestHeaders(exchange.request.headers);
  const { sessionId, message } = exchange;
  dropMirrors(headers);
  if (message?.era === '2026') headers.set('mcp-method', 'tools/list');
  // A session that is not the caller's has not been judged here, and the form of the answer is ours.
  if (sessionId === undefined) headers.delete('mcp-session-id');
  for (const name of ['last-event-id', 'range', 'if-range']) headers.delete(name);
  headers.set('accept', 'application/json, text/event-stream');
  return { identity: identityOf(exchange), sessionId, headers, signal };
}
