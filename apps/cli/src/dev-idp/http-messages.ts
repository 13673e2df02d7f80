/** Reads bounded request bodies and writes small answers; for the provider's own pages. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const BODY_LIMIT = 64 * 1024;

/** A request that the provider's own pages cannot serve; the text is for the developer. */
export class RequestError extends Error {
  override readonly name: string = 'RequestError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The fields of a form or the members of a JSON object; anything else is refused. */
export async function readFields(request: IncomingMessage): Promise<ReadonlyMap<string, unknown>> {
  const body = await readText(request);
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  switch (type) {
    case 'application/json':
      return new Map(Object.entries(parseObject(body, 'the body')));
    case 'application/x-www-form-urlencoded':
      return new Map(new URLSearchParams(body));
    default:
      throw new RequestError(415, 'send application/json or application/x-www-form-urlencoded');
  }
}

/** Parses text that must be a JSON object. */
export function parseObject(text: string, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestError(400, `${what} must be a JSON object`);
  }
  // Safe: an object that JSON.parse made has string keys only.
  return value as Record<string, unknown>;
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

export function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
): void {
  response.writeHead(status, {
    'content-type': `${contentType}; charset=utf-8`,
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  });
  response.end(body);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // Safe: without a stream encoding every chunk is a Buffer.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > BODY_LIMIT) {
      throw new RequestError(413, `the body is larger than ${BODY_LIMIT} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
