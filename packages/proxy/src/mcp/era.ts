/**
 * Which revision of MCP a message speaks, and what the revisions differ in (D34).
 *
 * There are two eras: 2025 (sessions, initialize, server requests on streams) and 2026-07-28
 * (every request stands alone and mirrors its method and name in headers).
 */

import { INVALID_PARAMS, isRecord, type JsonRpcMessage } from './json-rpc.ts';

export type Era = '2025' | '2026';

/** Revisions of the 2025 era; 2024-11-05 is named by clients that negotiated down. */
export const VERSIONS_2025 = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;
export const VERSION_2026 = '2026-07-28';
export const SUPPORTED_VERSIONS: readonly string[] = [...VERSIONS_2025, VERSION_2026];

/** Error codes that the 2026-07-28 revision defines. */
export const HEADER_MISMATCH = -32020;
export const UNSUPPORTED_VERSION = -32022;

export const VERSION_META_KEY = 'io.modelcontextprotocol/protocolVersion';

/** A message whose headers and body disagree, or that speaks no revision that is known here. */
export interface EraRefusal {
  readonly code: typeof HEADER_MISMATCH | typeof UNSUPPORTED_VERSION | typeof INVALID_PARAMS;
  readonly reason: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export type EraResult =
  | { readonly ok: true; readonly era: Era }
  | { readonly ok: false; readonly refusal: EraRefusal };

/** The era of a request without a body. An unknown version is not ours to serve. */
export function eraOfHeaders(headers: Headers): EraResult {
  const version = headers.get('mcp-protocol-version');
  if (version === null) return { ok: true, era: '2025' };
  if (!SUPPORTED_VERSIONS.includes(version)) return unsupported(version);
  return { ok: true, era: version === VERSION_2026 ? '2026' : '2025' };
}

/**
 * The era of a message, after checking that its headers say what its body says.
 *
 * `initialize` belongs to the 2025 era and negotiates the version in its own params, so its headers
 * are not held against it, unless it declares a version itself, as the 2026 era does.
 */
export function eraOfMessage(message: JsonRpcMessage, headers: Headers): EraResult {
  const declared = declaredVersion(message);
  if (message.method === 'initialize' && declared === undefined) return { ok: true, era: '2025' };
  const header = headers.get('mcp-protocol-version');
  if (header !== null && !SUPPORTED_VERSIONS.includes(header)) {
    // Who declares a version with every request can use no revision that has to be negotiated.
    return unsupported(header, header === declared ? [VERSION_2026] : SUPPORTED_VERSIONS);
  }
  if (header !== VERSION_2026) {
    if (declared === undefined) return { ok: true, era: '2025' };
    if (!SUPPORTED_VERSIONS.includes(declared)) return unsupported(declared);
    return declared === VERSION_2026 || (header !== null && header !== declared)
      ? mismatch('protocol-version')
      : { ok: true, era: '2025' };
  }
  return checkMirroredHeaders(message, headers, declared);
}

/** 2026-07-28: version, method and name stand in headers and must equal the body (−32020). */
function checkMirroredHeaders(
  message: JsonRpcMessage,
  headers: Headers,
  declared: string | undefined,
): EraResult {
  if (message.kind === 'request' && declared === undefined) {
    return { ok: false, refusal: { code: INVALID_PARAMS, reason: 'protocol-version' } };
  }
  if (declared !== undefined && declared !== VERSION_2026) return mismatch('protocol-version');
  const method = headers.get('mcp-method');
  if (
    message.kind === 'request'
      ? method !== message.method
      : method !== null && method !== message.method
  ) {
    return mismatch('mcp-method');
  }
  const name = headers.get('mcp-name');
  const expected = name === null ? mirroredName(message) : targetOf(message);
  const decoded = name === null ? undefined : decodeMirrored(name);
  if (decoded !== expected || (name !== null && decoded === undefined)) {
    return mismatch('mcp-name');
  }
  return { ok: true, era: '2026' };
}

/** What `Mcp-Name` must say, for the methods that require it. */
function mirroredName(message: JsonRpcMessage): string | undefined {
  const isRequired = ['tools/call', 'prompts/get', 'resources/read'].includes(message.method ?? '');
  return isRequired ? targetOf(message) : undefined;
}

/** What a message is about, for whatever method: the one thing that `Mcp-Name` may say. */
function targetOf({ method, params }: JsonRpcMessage): string | undefined {
  const [area] = (method ?? '').split('/', 1);
  const value = params?.[area === 'resources' ? 'uri' : area === 'tasks' ? 'taskId' : 'name'];
  return typeof value === 'string' ? value : undefined;
}

const sentinel = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/**
 * Decodes `=?base64?…?=`; other values stand for themselves. Undefined when the Base64 is bad, and for
 * what is not ASCII: it is to be in Base64, since nobody knows in which charset a header is read.
 */
function decodeMirrored(value: string): string | undefined {
  if (!/^[\t\x20-\x7e]*$/.test(value)) return undefined;
  const encoded = sentinel.exec(value)?.[1];
  if (encoded === undefined) return value.startsWith('=?base64?') ? undefined : value;
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not Base64 or not UTF-8: it can equal no name.
    return undefined;
  }
}

/** The value of a header that mirrors `text`: as it is, or in Base64 where a header cannot hold it. */
export function encodeMirrored(text: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text);
  if (isPlain && !text.startsWith('=?')) return text;
  const bytes = [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte));
  return `=?base64?${btoa(bytes.join(''))}?=`;
}

function declaredVersion(message: JsonRpcMessage): string | undefined {
  const meta = message.params?.['_meta'];
  if (!isRecord(meta) || !Object.hasOwn(meta, VERSION_META_KEY)) return undefined;
  const version = meta[VERSION_META_KEY];
  return typeof version === 'string' ? version : '';
}

function mismatch(reason: string): EraResult {
  return { ok: false, refusal: { code: HEADER_MISMATCH, reason } };
}

function unsupported(requested: string, supported = SUPPORTED_VERSIONS): EraResult {
  const data = { supported, requested: requested.slice(0, 32) };
  return { ok: false, refusal: { code: UNSUPPORTED_VERSION, reason: 'version', data } };
}
