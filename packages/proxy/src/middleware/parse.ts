/** The one reading of the request (D5): from here on nobody looks at the bytes again. */

import { type Exchange, identityOf, type Next, type Stage } from '../exchange.ts';
import type { Answer } from '../http/answer.ts';
import { type BodyBudget, SMALL_BODY } from '../limit/body-budget.ts';
import { eraOfHeaders } from '../mcp/era.ts';
import { countParts, MAX_MESSAGE_PARTS } from '../mcp/json-parts.ts';
import { INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR } from '../mcp/json-rpc.ts';
import { readMessage } from '../mcp/message.ts';
import { replyError } from '../mcp/reply.ts';
import type { BodyOutcome } from '../stream/body-limit.ts';
import { replyTooLarge } from './body-limit.ts';

/** Sets the message of a POST; checks that GET and DELETE belong to an era that has them. */
export function parseStage(limit: number, budget: BodyBudget): Stage {
  return (exchange, next) =>
    exchange.request.method === 'POST'
      ? readPost(exchange, { limit, budget }, next)
      : (checkBodyless(exchange) ?? next());
}

interface BodyOptions {
  readonly limit: number;
  readonly budget: BodyBudget;
}

async function readPost(exchange: Exchange, options: BodyOptions, next: Next): Promise<Answer> {
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
  const bytes = await readBody(exchange, options);
  if (bytes === 'too-large') {
    exchange.reason = 'body-too-large';
    return replyTooLarge();
  }
  if (bytes === 'no-room') return refuse(exchange, 'no-room', NO_ROOM);
  if (bytes.byteLength === 0) {
    return refuse(exchange, 'empty-body', { status: 400, code: PARSE_ERROR });
  }
  const read = readMessage(bytes, request.headers);
  if (read.ok) {
    const { id, text } = read.message;
    if (!hasRoom(exchange, text, options.budget)) {
      return refuse(exchange, 'no-room', { ...NO_ROOM, id });
    }
    exchange.message = read.message;
    return await next();
  }
  const { code, reason, id, data } = read.refusal;
  return refuse(exchange, reason, { status: 400, code, id, data });
}

/** Small bodies take no room, and say so; one without a length may grow to anything. */
async function readBody(exchange: Exchange, { limit, budget }: BodyOptions): Promise<BodyOutcome> {
  const { request } = exchange;
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) <= SMALL_BODY) return request.read(limit);
  const lease = budget.open(identityOf(exchange));
  exchange.bodyLease = lease;
  if (!lease.grow(Number(declared ?? 0))) return 'no-room';
  return request.read(limit, (size) => lease.grow(size));
}

const NO_ROOM = {
  status: 503,
  code: INTERNAL_ERROR,
  message: 'Busy',
  headers: { 'retry-after': '1' },
} as const;

/** Characters of a body of which nothing large can be read. */
const PLAIN = 4096;
/** Bytes that are held of a string, an object or an array, however short it is written. */
const BYTES_PER_PART = 64;

/** What is read of many small members takes twenty times the bytes in which they came. */
function hasRoom(exchange: Exchange, text: string, budget: BodyBudget): boolean {
  if (text.length <= PLAIN) return true;
  const held = BYTES_PER_PART * countParts(text, MAX_MESSAGE_PARTS);
  exchange.bodyLease ??= budget.open(identityOf(exchange));
  // One alone is served, whatever the room is.
  return exchange.bodyLease.grow(Math.min(held, budget.most));
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
