/** What a client of the 2026 era says it can do, which it repeats in every request. */
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';

export function declaredCapabilities(ctx: ServerContext): ClientCapabilities {
  // Safe: the SDK has checked the envelope against its schema, but types it as an empty object.
  const envelope = ctx.mcpReq.envelope as Record<string, ClientCapabilities> | undefined;
  return envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
}
