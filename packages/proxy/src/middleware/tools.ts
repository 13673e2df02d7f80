/** Calls by the name that callers see become calls by the server's own; hidden tools do not exist. */

import type { Exchange, Stage } from '../exchange.ts';
import { INVALID_PARAMS } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { replyError } from '../mcp/reply.ts';
import { renameCall } from '../tools/rename-call.ts';
import type { ToolNames } from '../tools/tool-names.ts';

/** Renames the tool of a call, or answers as a server does that has no such tool. */
export function toolsStage(names: ToolNames | undefined): Stage {
  return (exchange, next) => {
    const { message } = exchange;
    if (names === undefined || message?.method !== 'tools/call') return next();
    const called = message.params?.['name'];
    const real = typeof called === 'string' ? names.realOf(called) : undefined;
    if (real === undefined) return replyUnknown(exchange, message);
    if (real !== called) {
      exchange.message = renameCall(message, real);
      exchange.shownTool = called as string; // A name without a string has no real one.
    }
    return next();
  };
}

/**
 * Whether it is hidden or has never existed, the answer is the one of a server that does not know the
 * name: an error in a 200 for a request, in both eras, and nothing for a notification. A 403 would say
 * that there is something to be had.
 */
function replyUnknown(exchange: Exchange, message: McpMessage): Response {
  exchange.reason = TOOL_UNKNOWN;
  if (message.kind === 'notification') return new Response(null, { status: 202 });
  return replyError({
    // Clients of the 2024 transport look for answers on their stream, and here at the status only.
    status: exchange.isLegacy ? 404 : 200,
    code: INVALID_PARAMS,
    message: 'Unknown tool',
    id: message.id,
  });
}

/** The reason in reports. */
export const TOOL_UNKNOWN = 'tool-unknown';
