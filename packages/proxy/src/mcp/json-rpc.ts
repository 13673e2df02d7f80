/** JSON-RPC 2.0 messages with one reading (D5); what follows from the bytes alone, no MCP rules. */

import { MAX_ANSWER_PARTS, MAX_MESSAGE_PARTS } from './json-parts.ts';
import { ownText } from './own-text.ts';
import { decodeUtf8, readStrictJson, type Span, type StrictJson } from './strict-json.ts';

/** Error codes of JSON-RPC 2.0 §5.1. */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

/** An id as it stands in the message: `text` is its JSON, kept so that large integers survive. */
export interface JsonRpcId {
  readonly text: string;
}

export type JsonRpcKind = 'request' | 'notification' | 'response';

export interface JsonRpcMessage {
  readonly kind: JsonRpcKind;
  /** Absent for notifications. */
  readonly id: JsonRpcId | undefined;
  /** Absent for responses. */
  readonly method: string | undefined;
  /** Null-prototype or plain object from `JSON.parse`; absent when the message has no params. */
  readonly params: Readonly<Record<string, unknown>> | undefined;
  /** The message's text, byte for byte what was received. */
  readonly text: string;
  /** Places of `id`, `params._meta.progressToken` and `params.requestId`, for the stdio bridge. */
  readonly spans: ReadonlyMap<string, Span>;
  /** Places of array items, for the paths that were asked for. */
  readonly items: ReadonlyMap<string, readonly Span[]>;
  /** The whole parsed message. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** A message that is refused, with the JSON-RPC code to answer and the id when it can be known. */
export interface JsonRpcRefusal {
  readonly code: number;
  readonly reason: string;
  readonly id: JsonRpcId | undefined;
}

export type JsonRpcResult =
  | { readonly ok: true; readonly message: JsonRpcMessage }
  | { readonly ok: false; readonly refusal: JsonRpcRefusal };

/** What a message's own rewriting needs; see {@link JsonRpcMessage.spans}. */
export const MESSAGE_PATHS = ['id', 'params._meta.progressToken', 'params.requestId'] as const;
const WANTED: ReadonlySet<string> = new Set(MESSAGE_PATHS);
/** The keys that are read, as they are written and folded. */
interface KeyNames {
  readonly exact: ReadonlySet<string>;
  readonly folded: ReadonlySet<string>;
}

const ENVELOPE_KEYS = foldKeys('jsonrpc', 'id', 'method', 'params', 'result', 'error');
const PARAMS_KEYS = foldKeys(
  ...['name', 'uri', 'arguments', '_meta', 'cursor', 'ref'],
  // Judged as well: what is subscribed to, and whose task it is.
  ...['notifications', 'task', 'taskId'],
);
const REF_KEYS = foldKeys('type', 'name', 'uri');
/** Folding a million long keys takes seconds, and folding leaves the length as it is. */
const LONGEST_KEY = 'notifications'.length;
const integer = /^-?(?:0|[1-9]\d*)$/;
/** Characters of an id's text. Ids are remembered, so that long ones would fill the memory. */
const MAX_ID_LENGTH = 256;

/** Reads one message of a client from the bytes of a body. */
export function readJsonRpc(bytes: Uint8Array): JsonRpcResult {
  const text = decodeUtf8(bytes);
  return text === undefined
    ? refuse(PARSE_ERROR, 'encoding')
    : readJsonRpcText(text, WANTED, MAX_MESSAGE_PARTS, bytes);
}

/**
 * Reads one message from text, such as a line of a stdio server or the data of an SSE event.
 *
 * @param wanted further paths whose spans are needed
 * @param maxParts most strings, objects and arrays; by default what a server's answer may have
 * @param bytes the text in UTF-8, where it is at hand
 */
export function readJsonRpcText(
  text: string,
  wanted: ReadonlySet<string> = WANTED,
  maxParts: number = MAX_ANSWER_PARTS,
  bytes?: Uint8Array,
): JsonRpcResult {
  const read = readStrictJson(text, wanted, maxParts, bytes);
  if (!read.ok) {
    return refuse(read.problem === 'syntax' ? PARSE_ERROR : INVALID_REQUEST, read.problem);
  }
  const { value } = read.json;
  if (Array.isArray(value)) return refuse(INVALID_REQUEST, 'batch');
  if (!isRecord(value)) return refuse(INVALID_REQUEST, 'not-an-object');
  return readEnvelope(value, read.json);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEnvelope(value: Record<string, unknown>, json: StrictJson): JsonRpcResult {
  if (hasCaseVariant(value, ENVELOPE_KEYS)) return refuse(INVALID_REQUEST, 'case-variant-key');
  const id = readId(value, json);
  if (id === 'invalid') return refuse(INVALID_REQUEST, 'id');
  const refuseWithId = (code: number, reason: string): JsonRpcResult => refuse(code, reason, id);
  if (value['jsonrpc'] !== '2.0') return refuseWithId(INVALID_REQUEST, 'jsonrpc-version');

  const base = { id, text: json.text, spans: json.spans, items: json.items, value };
  const hasOutcome = Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error');
  if (!Object.hasOwn(value, 'method')) {
    const both = Object.hasOwn(value, 'result') && Object.hasOwn(value, 'error');
    if (!hasOutcome || both || id === undefined) return refuseWithId(INVALID_REQUEST, 'envelope');
    return {
      ok: true,
      message: { ...base, kind: 'response', method: undefined, params: undefined },
    };
  }
  const { method, params } = value;
  if (typeof method !== 'string' || method === '' || hasOutcome) {
    return refuseWithId(INVALID_REQUEST, 'envelope');
  }
  if (Object.hasOwn(value, 'params')) {
    if (!isRecord(params)) return refuseWithId(INVALID_PARAMS, 'params');
    const problem = paramsProblem(params);
    if (problem === 'case-variant-key') return refuseWithId(INVALID_REQUEST, problem);
    if (problem !== undefined) return refuseWithId(INVALID_PARAMS, problem);
  }
  return {
    ok: true,
    message: {
      ...base,
      kind: id === undefined ? 'notification' : 'request',
      method,
      params: isRecord(params) ? params : undefined,
    },
  };
}

function readId(
  value: Record<string, unknown>,
  json: StrictJson,
): JsonRpcId | undefined | 'invalid' {
  if (!Object.hasOwn(value, 'id')) return undefined;
  const span = json.spans.get('id');
  if (span === undefined) return 'invalid';
  const text = json.text.slice(span.start, span.end);
  const isValid = typeof value['id'] === 'string' || integer.test(text);
  // Ids are remembered, and held by streams.
  return isValid && text.length <= MAX_ID_LENGTH ? { text: ownText(text) } : 'invalid';
}

function paramsProblem(params: Record<string, unknown>): string | undefined {
  if (hasCaseVariant(params, PARAMS_KEYS)) return 'case-variant-key';
  const ref = params['ref'];
  if (isRecord(ref) && hasCaseVariant(ref, REF_KEYS)) return 'case-variant-key';
  for (const key of ['name', 'uri']) {
    if (Object.hasOwn(params, key) && typeof params[key] !== 'string') return key;
  }
  return undefined;
}

/** True when a key equals one of `names` under Unicode case folding without being it (D5). */
function hasCaseVariant(value: Record<string, unknown>, names: KeyNames): boolean {
  for (const key in value) {
    // Nearly all keys are the names themselves, as they are written.
    if (key.length > LONGEST_KEY || names.exact.has(key)) continue;
    if (names.folded.has(foldCase(key))) return true;
  }
  return false;
}

function foldKeys(...names: readonly string[]): KeyNames {
  return { exact: new Set(names), folded: new Set(names.map(foldCase)) };
}

/** Lower then upper: both U+017F and U+212A end at the ASCII letter that some parsers fold them to. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase();
}

function refuse(code: number, reason: string, id?: JsonRpcId): JsonRpcResult {
  return { ok: false, refusal: { code, reason, id } };
}
