/** The one reading of a POST body that policy, upstream and audit all share (D5). */

import { type Era, eraOfMessage } from './era.ts';
import {
  INVALID_PARAMS,
  INVALID_REQUEST,
  isRecord,
  type JsonRpcId,
  type JsonRpcMessage,
  readJsonRpc,
} from './json-rpc.ts';
import { ruleOf } from './methods.ts';

/** A message that has exactly one reading. `raw` is forwarded as it was received. */
export interface McpMessage extends JsonRpcMessage {
  readonly era: Era;
  readonly raw: Uint8Array;
}

/** Why a body is refused; always HTTP 400 (D5, D34). */
export interface MessageRefusal {
  readonly code: number;
  readonly reason: string;
  readonly id: JsonRpcId | undefined;
  readonly data?: Readonly<Record<string, unknown>>;
}

export type MessageResult =
  | { readonly ok: true; readonly message: McpMessage }
  | { readonly ok: false; readonly refusal: MessageRefusal };

/** Reads a POST body together with the headers that mirror it. */
export function readMessage(raw: Uint8Array, headers: Headers): MessageResult {
  const read = readJsonRpc(raw);
  if (!read.ok) return read;
  const { message } = read;
  const era = eraOfMessage(message, headers);
  if (!era.ok) return { ok: false, refusal: { ...era.refusal, id: message.id } };
  if (era.era === '2026' && message.kind === 'response') {
    return refuse(message, INVALID_REQUEST, 'response-in-2026');
  }
  // Of a method that does not exist, that is all there is to say.
  const isKnown = ruleOf(message.method ?? '', era.era) !== undefined;
  const problem = isKnown ? targetProblem(message) : undefined;
  if (problem !== undefined) return refuse(message, INVALID_PARAMS, problem);
  return { ok: true, message: { ...message, era: era.era, raw } };
}

/** A message made by the proxy itself, such as its own `tools/list`. */
export function buildMessage(value: Readonly<Record<string, unknown>>, era: Era): McpMessage {
  const raw = new TextEncoder().encode(JSON.stringify(value));
  const read = readJsonRpc(raw);
  if (!read.ok) throw new TypeError(`not a JSON-RPC message: ${read.refusal.reason}`);
  return { ...read.message, era, raw };
}

/** Members that a policy reads must have the type that the specification gives them (−32602). */
function targetProblem(message: JsonRpcMessage): string | undefined {
  const { method, params } = message;
  switch (method) {
    case 'tools/call':
    case 'prompts/get': {
      if (typeof params?.['name'] !== 'string') return 'name';
      const args = params['arguments'];
      return args === undefined || args === null || isRecord(args) ? undefined : 'arguments';
    }
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return typeof params?.['uri'] === 'string' ? undefined : 'uri';
    case 'completion/complete':
      return isReference(params?.['ref']) ? undefined : 'ref';
    case 'tasks/get':
    case 'tasks/result':
    case 'tasks/cancel':
    case 'tasks/update':
      return typeof params?.['taskId'] === 'string' ? undefined : 'taskId';
    case 'subscriptions/listen':
      return isSubscription(params?.['notifications']) ? undefined : 'notifications';
    default:
      return undefined;
  }
}

function isReference(ref: unknown): boolean {
  if (!isRecord(ref)) return false;
  // Exactly one target: a reference that names both could be read either way.
  if (ref['type'] === 'ref/prompt')
    return typeof ref['name'] === 'string' && !Object.hasOwn(ref, 'uri');
  return (
    ref['type'] === 'ref/resource' && typeof ref['uri'] === 'string' && !Object.hasOwn(ref, 'name')
  );
}

/** Each is judged by itself, and nobody else is served meanwhile. */
const MAX_SUBSCRIBED = 1000;
const SUBSCRIPTION_FLAGS = ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged'];

/** Members nobody here knows are refused: they could subscribe to something nobody judged. */
function isSubscription(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(([key, member]) => {
    if (SUBSCRIPTION_FLAGS.includes(key)) return typeof member === 'boolean';
    return (
      key === 'resourceSubscriptions' &&
      Array.isArray(member) &&
      member.length <= MAX_SUBSCRIBED &&
      member.every((uri) => typeof uri === 'string')
    );
  });
}

function refuse(message: JsonRpcMessage, code: number, reason: string): MessageResult {
  return { ok: false, refusal: { code, reason, id: message.id } };
}
