/** A call under the name that callers know becomes a call under the server's own. */

import { readJsonRpcText } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { spliceText } from '../mcp/splice.ts';
import { readStrictJson } from '../mcp/strict-json.ts';

const NAME = 'params.name';
const PATHS: ReadonlySet<string> = new Set([NAME]);

/**
 * The same message with another name: exactly its span is replaced, every other byte remains (D5).
 *
 * @throws {Error} when the result does not read as it must: it is not forwarded then
 */
export function renameCall(message: McpMessage, name: string): McpMessage {
  const read = readStrictJson(message.text, PATHS);
  const span = read.ok ? read.json.spans.get(NAME) : undefined;
  if (span === undefined) throw new Error('a call that has been read has no name');
  const text = spliceText(message.text, [{ span, text: JSON.stringify(name) }]);
  // Read anew: whoever comes after sees what the server will see, and no value of the old name.
  const renamed = readJsonRpcText(text);
  if (!renamed.ok || renamed.message.params?.['name'] !== name) {
    throw new Error('a renamed call cannot be read');
  }
  return { ...renamed.message, era: message.era, raw: new TextEncoder().encode(text) };
}
