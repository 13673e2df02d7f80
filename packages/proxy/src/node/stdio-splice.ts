/** Rewrites single values inside JSON text, so that every other byte stays as it was. */

import { membersAt } from '../mcp/json-members.ts';
import { isRecord, type JsonRpcMessage } from '../mcp/json-rpc.ts';
import { spliceText } from '../mcp/splice.ts';
import type { Span } from '../mcp/strict-json.ts';

/**
 * The text as one line for every reader of lines.
 *
 * Line ends can only stand between tokens, where a space means the same. The separators U+2028 and
 * U+2029 can only stand in strings; common line readers (Node's among them) break lines there, so
 * they are written as the escapes that mean the same.
 */
export function toLine(text: string): string {
  return text
    .replace(/[\r\n]/g, ' ')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** The message with its id replaced. */
export function replaceId(message: JsonRpcMessage, idText: string): string {
  const span = message.spans.get('id');
  return span === undefined ? message.text : spliceText(message.text, [{ span, text: idText }]);
}

/** Places that the strict reader does not look for in every message. A key may hold dots. */
export const PROGRESS_TOKEN = ['params', 'progressToken'] as const;
export const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';
export const NOTICE_SUBSCRIPTION = ['params', '_meta', SUBSCRIPTION_ID] as const;
export const RESULT_SUBSCRIPTION = ['result', '_meta', SUBSCRIPTION_ID] as const;

/** Finds one more place in a message that has already been read. */
export function findSpan(text: string, path: readonly string[]): Span | undefined {
  const key = path.at(-1);
  return membersAt(text, path.slice(0, -1))?.find((member) => member.key === key)?.value;
}

/** The id of the 2026 subscription that a notification belongs to. */
export function subscriptionOf(message: JsonRpcMessage): unknown {
  const meta = message.params?.['_meta'];
  return isRecord(meta) ? meta[SUBSCRIPTION_ID] : undefined;
}

/**
 * A key under which two spellings of one id meet: strings by value, integers by digits, because
 * large integers have no exact value here.
 */
export function idKey(value: unknown, text: string): string {
  return typeof value === 'string' ? JSON.stringify(value) : text;
}
