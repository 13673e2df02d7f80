/** What stands behind the proxy: a streamable HTTP server, a stdio process, or an embedder's own. */

import type { Identity } from '@thv/oidc';
import type { Answer } from '../http/answer.ts';
import type { McpMessage } from '../mcp/message.ts';

/** What an upstream may know of the request it serves. */
export interface UpstreamContext {
  /** Who calls. */
  readonly identity: Identity;
  /** `Mcp-Session-Id` of the request. Its owner has been checked before the upstream sees it. */
  readonly sessionId: string | undefined;
  /** Headers that may travel on: credentials and hop-by-hop headers are gone (D20). */
  readonly headers: Headers;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /**
   * To be called when the server does not know the session: what the proxy remembers of it is
   * forgotten when it is not heard of again within a minute, unless other processes share it.
   */
  readonly onSessionLost?: () => void;
}

/**
 * Serves messages that have been authenticated, read and authorized.
 *
 * Answers are HTTP responses (or what one is made of) as MCP's streamable HTTP transport defines
 * them; the proxy filters lists in them. Failures are thrown as `ProxyError`.
 */
export interface Upstream<A extends Answer = Answer> {
  /** POST: one message; JSON or SSE for a request, 202 for notifications and responses. */
  handle(message: McpMessage, context: UpstreamContext): Promise<A>;
  /** GET: the stream for messages that belong to no request; 405 where there is none. */
  stream(context: UpstreamContext): Promise<A>;
  /** DELETE: the client ends its session. */
  endSession(context: UpstreamContext): Promise<A>;
  /** Resolves when the upstream can serve; rejects with `ProxyError` when it cannot. */
  ready(signal: AbortSignal): Promise<void>;
  /** Ends everything that the upstream holds open. */
  close(): Promise<void>;
  /**
   * The transport of 2024-11-05, where the server speaks it: its clients are then served as well, on
   * `GET /sse` and `POST /messages`.
   */
  readonly legacy?: LegacyUpstream;
}

/** One event stream per client; what the client says goes by POST, what the server says by the stream. */
export interface LegacyUpstream {
  /**
   * Opens a client's stream of messages. `sessionId` is new, unguessable and valid as long as the
   * stream; it is absent when `response` is a refusal.
   */
  open(context: UpstreamContext): Promise<{
    readonly response: Answer;
    readonly sessionId?: string;
  }>;
  /** Sends a message of the stream that `context.sessionId` names; only the status counts. */
  send(message: McpMessage, context: UpstreamContext): Promise<Answer>;
}
