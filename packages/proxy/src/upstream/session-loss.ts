/** Tells from a server's answer whether it has forgotten a session, and so has not read the request. */

import { type Answer, streamOf } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import { isRecord, type JsonRpcMessage, readJsonRpcText } from '../mcp/json-rpc.ts';
import { idKey } from '../session/traffic.ts';
import { readBounded } from '../stream/body-limit.ts';

/** The answer, to be passed on: its body may have been read. */
export interface JudgedAnswer {
  readonly response: Answer;
  readonly isLost: boolean;
}

/** Bytes of an error that are looked at. */
const MAX_ERROR = 64 * 1024;
/** What servers say of a session that they do not know; −32001 is "Session not found". */
const UNKNOWN_SESSION = -32001;
const SESSION_CODES: readonly unknown[] = [UNKNOWN_SESSION, -32000, -32600];

/**
 * 404 is what the specification asks for. Much copied servers say 400 and "No valid session ID
 * provided", or "Server not initialized"; with any other words 400 is about the request.
 *
 * @param request what was asked; an error under its id comes from whoever has read it, and may have run
 */
export async function judgeAnswer(
  response: Answer,
  signal: AbortSignal,
  request?: Pick<JsonRpcMessage, 'id'>,
): Promise<JudgedAnswer> {
  const { status } = response;
  if (status !== 404 && status !== 400) return { response, isLost: false };
  const bytes = await readBounded(streamOf(response.body), MAX_ERROR, signal);
  const text = bytes === 'too-large' ? '' : new TextDecoder().decode(bytes);
  const { error, idText } = errorOf(text);
  const saysSession = /session|not initialized/i.test(String(error?.['message']));
  const isOfRequest = idText !== undefined && isSameId(idText, request?.id?.text);
  const isAboutSession =
    SESSION_CODES.includes(error?.['code']) &&
    (status === 404
      ? error?.['code'] === UNKNOWN_SESSION || saysSession || !isOfRequest
      : saysSession && !isOfRequest);
  // A 404 that says nothing in JSON-RPC: there is no such session, or no such server any more.
  const isLost = error === undefined ? status === 404 : isAboutSession;
  if (bytes !== 'too-large') {
    return { isLost, response: { status, headers: response.headers, body: bytes } };
  }
  const headers = Fields.from(response.headers);
  headers.delete('content-length');
  return { isLost, response: { status, headers, body: null } };
}

interface ReadError {
  readonly error: Readonly<Record<string, unknown>> | undefined;
  readonly idText: string | undefined;
}

function errorOf(text: string): ReadError {
  const read = readJsonRpcText(text);
  // Errors without an id are common here, and no JSON-RPC; what counts is what they say.
  const value: unknown = read.ok ? read.message.value : parse(text);
  const error = isRecord(value) ? value['error'] : undefined;
  const idText = read.ok ? read.message.id?.text : undefined;
  return { error: isRecord(error) ? error : undefined, idText };
}

function isSameId(text: string, other: string | undefined): boolean {
  return other !== undefined && idKey(text) === idKey(other);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON at all: it says nothing about the session.
    return undefined;
  }
}
