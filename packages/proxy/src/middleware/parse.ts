/** The one reading of the request (D5): from here on nobody looks at the bytes again. */

import type { Exchange, Next, Stage } from '../exchange.ts';
import type { Answer } from '../http/answer.ts';
import { eraOfHeaders } from '../mcp/era.ts';
import { INVALID_REQUEST, PARSE_ERROR } from '../mcp/json-rpc.ts';
import { readMessage } from '../mcp/message.ts';
import { replyError } from '../mcp/reply.ts';
import { replyTooLarge } from './body-limit.ts';

/** Sets the message of a POST; checks that GET and DELETE belong to an era that has them. */
export function parseStage(limit: number): Stage {
  return (exchange, next) =>
    exchange.request.method === 'POST'
      ? readPost(exchange, limit, next)
      : (checkBodyless(exchange) ?? next());
}

async function readPost(exchange: Exchange, limit: number, next: Next): Promise<Answer> {
  const { request } = exchange;
  if (!isJson(request.headers.get('content-type'))) {
    return refuse(exchange, 'content-type', {
      status: 415,
      code: INVALID_REQUEST,
      message: 'Content-Type must be application/json',
    });
  }
  // A coded body would be read differently here and behind.
  const coding = request.headers.get('content-encoding');
  if (coding !== null && coding.trim().toLowerCase() !== 'identity') {
    return refuse(exchange, 'content-encoding', {
      status: 415,
      code: INVALID_REQUEST,
      message: 'Content-Encoding is not supported',
    });
  }
  // Nobody undoes another one than chunks here, and a server in front may have.
  const transfer = request.headers.get('transfer-encoding');
  if (transfer !== null && transfer.trim().toLowerCase() !== 'chunked') {
    return refuse(exchange, 'transfer-encoding', { status: 400, code: INVALID_REQUEST });
  }
  const bytes = await request.read(limit);
  if (bytes === 'too-large') {
    exchange.reason = 'body-too-large';
    return replyTooLarge();
  }
  if (bytes.byteLength === 0) {
    return refuse(exchange, 'empty-body', { status: 400, code: PARSE_ERROR });
  }
  const read = readMessage(bytes, request.headers);
  if (read.ok) {
    exchange.message = read.message;
    return await next();
  }
  const { code, reason, id, data } = read.refusal;
  return refuse(exchange, reason, { status: 400, code, id, data });
}

function checkBodyless(exchange: Exchange): Response | undefined {
  const era = eraOfHeaders(exchange.request.headers);
  if (!era.ok) {
    const { code, reason, data } = era.refusal;
    return refuse(exchange, reason, { status: 400, code, data });
  }
  if (era.era === '2025') return undefined;
  return refuse(exchange, 'http-method', {
    status: 405,
    code: INVALID_REQUEST,
    message: 'Method not allowed',
    headers: { allow: 'POST, OPTIONS' },
  });
}

function refuse(
  exchange: Exchange,
  reason: string,
  reply: Parameters<typeof replyError>[0],
): Response {
  exchange.reason = reason;
  return replyError(reply);
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const mediaTypeWithParameters = new RegExp(
  `^application/json[ \\t]*(?:;[ \\t]*(?:${token}=(?:${token}|"[^"\\\\]*"))?[ \\t]*)*$`,
  'i',
);

/** True for `application/json`, in any case and with well-formed parameters (RFC 9110 §8.3.1). */
function isJson(contentType: string | null): boolean {
  if (contentType === null) return false;
  return contentType === 'application/json' || mediaTypeWithParameters.test(contentType.trim());
}
