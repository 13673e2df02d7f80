/** Knows a tool's hints before it is called: from lists that passed by, or by asking itself (D30). */

import type { ToolHints } from '../authorization.ts';
import { ProxyError } from '../errors.ts';
import { type Exchange, identityOf } from '../exchange.ts';
import { isRecord } from '../mcp/json-rpc.ts';
import { buildMessage, type McpMessage } from '../mcp/message.ts';
import { forwardedRequestHeaders } from '../upstream/headers.ts';
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

/** Creates the source. Listings are single-flight: many calls wait for one. */
export function createHintSource(options: HintSourceOptions): HintSource {
  const { store, now } = options;
  let listing: Promise<void> | undefined;

  const listAll = async (exchange: Exchange): Promise<void> => {
    const startedAt = now();
    const pages: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await fetchPage(options, exchange, cursor);
      pages.push(page);
      const next: unknown = page['nextCursor'];
      cursor = typeof next === 'string' && next !== '' ? next : undefined;
    } while (cursor !== undefined && pages.length < MAX_PAGES);
    store.replace(pages, startedAt);
  };

  const refresh = (exchange: Exchange): Promise<void> => {
    listing ??= listAll(exchange).finally(() => {
      listing = undefined;
    });
    return listing;
  };

  return {
    of: async (tool, exchange) => {
      if (store.completeSince === undefined) await refresh(exchange);
      else if (store.get(tool) === undefined && now() - store.completeSince >= RECHECK_AFTER) {
        await refresh(exchange);
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
  const response = await upstream.handle(message, listContext(exchange));
  const result = await readResult(response, message, maxBytes);
  if (isRecord(result) && Array.isArray(result['tools'])) return result;
  throw new ProxyError(
    'ERR_PROXY_UPSTREAM_ANSWER',
    'the tool list that policies need was not answered',
  );
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

function listContext(exchange: Exchange): UpstreamContext {
  const headers = forwardedRequestHeaders(exchange.request.headers);
  for (const name of [...headers.keys()]) {
    if (name.startsWith('mcp-param-') || name === 'mcp-name') headers.delete(name);
  }
  if (headers.has('mcp-method')) headers.set('mcp-method', 'tools/list');
  return {
    identity: identityOf(exchange),
    sessionId: exchange.sessionId,
    headers,
    // Shared by every call that waits for this listing, so no single client may abort it.
    signal: AbortSignal.timeout(30_000),
  };
}
