/** What the tests of the stdio upstream share: an upstream, callers, and readers of answers. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Identity } from '@thv/oidc';
import { afterEach, expect } from 'vitest';
import { toResponse } from '../../src/http/answer.ts';
import { type McpMessage, readMessage } from '../../src/mcp/message.ts';
import type { StdioEvent, StdioUpstreamOptions } from '../../src/node/stdio-options.ts';
import { createStdioUpstream } from '../../src/node/stdio-upstream.ts';
import type { Upstream, UpstreamContext } from '../../src/upstream/upstream.ts';

export const LINE_SERVER: string = fileURLToPath(
  new URL('./fixtures/line-server.ts', import.meta.url),
);
export const BOTH = 'application/json, text/event-stream';

export interface Rig {
  readonly upstream: Upstream<Response>;
  readonly events: StdioEvent[];
  readonly stderr: string[];
}

const open = new Set<Upstream<Response>>();

/** The upstream with its answers as what a client would get. */
export function respond(upstream: Upstream): Upstream<Response> {
  return {
    ...upstream,
    handle: async (asked, context) => toResponse(await upstream.handle(asked, context)),
    stream: async (context) => toResponse(await upstream.stream(context)),
    endSession: async (context) => toResponse(await upstream.endSession(context)),
  };
}

/** An upstream over the line server, closed after the test. */
export function startRig(
  args: readonly string[] = [],
  options: Partial<StdioUpstreamOptions> = {},
): Rig {
  const events: StdioEvent[] = [];
  const stderr: string[] = [];
  const upstream = respond(
    createStdioUpstream({
      command: process.execPath,
      args: [LINE_SERVER, ...args],
      env: {},
      stopTimeout: 500,
      log: (event) => events.push(event),
      stderr: (line) => stderr.push(line),
      ...options,
    }),
  );
  open.add(upstream);
  return { upstream, events, stderr };
}

afterEach(async () => {
  await Promise.all([...open].map((upstream) => upstream.close()));
  open.clear();
});

export interface CallerOptions {
  readonly subject?: string;
  readonly issuer?: string;
  readonly sessionId?: string | undefined;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly version?: string;
}

export function contextOf(options: CallerOptions = {}): UpstreamContext {
  const identity = {
    issuer: options.issuer ?? 'https://id.example',
    subject: options.subject ?? 'ada',
    claims: {},
    scopes: [],
  };
  return {
    // The upstream reads issuer and subject only.
    identity: identity as unknown as Identity,
    sessionId: options.sessionId,
    headers: new Headers({ accept: options.accept ?? 'application/json' }),
    signal: options.signal ?? new AbortController().signal,
  };
}

/** Reads JSON text as the proxy does. */
export function message(text: string, headers: Record<string, string> = {}): McpMessage {
  const read = readMessage(new TextEncoder().encode(text), new Headers(headers));
  if (!read.ok) throw new Error(`fixture is not a message: ${read.refusal.reason}`);
  return read.message;
}

/** A call of one of the line server's deeds; `id` and `token` are JSON text. */
export function deed(
  name: string,
  args: Readonly<Record<string, unknown>> = {},
  { id = '1', token }: { readonly id?: string; readonly token?: string } = {},
): McpMessage {
  const meta = token === undefined ? '' : `,"_meta":{"progressToken":${token}}`;
  const params = `{"name":"${name}","arguments":${JSON.stringify(args)}${meta}}`;
  return message(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`);
}

/** A request of the 2026 era with headers that mirror it. */
export function modern(method: string, params: Record<string, unknown> = {}, id = '1'): McpMessage {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = JSON.stringify({ ...params, _meta });
  const headers: Record<string, string> = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
  };
  const name = params['name'] ?? params['uri'] ?? params['taskId'];
  if (typeof name === 'string') headers['mcp-name'] = name;
  return message(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${body}}`, headers);
}

export function notification(method: string, params: string): McpMessage {
  return message(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`);
}

export function initializeMessage(version = '2025-11-25', id = '0'): McpMessage {
  const params = JSON.stringify({
    protocolVersion: version,
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  });
  return message(`{"jsonrpc":"2.0","id":${id},"method":"initialize","params":${params}}`);
}

/** Begins a session and returns its id. */
export async function beginSession(
  upstream: Upstream<Response>,
  options: CallerOptions = {},
): Promise<string> {
  const response = await upstream.handle(initializeMessage(), contextOf(options));
  expect(response.status).toBe(200);
  const sessionId = response.headers.get('mcp-session-id');
  expect(sessionId).toMatch(/^[0-9a-f-]{36}$/);
  await response.text();
  await upstream.handle(
    notification('notifications/initialized', '{}'),
    contextOf({ ...options, sessionId: sessionId ?? '' }),
  );
  return sessionId ?? '';
}

/** The JSON-RPC messages of an SSE stream as text, one by one. */
export async function* eventsOf(response: Response): AsyncGenerator<string> {
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  let buffer = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    buffer += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = buffer.indexOf('\n\n'); end !== -1; end = buffer.indexOf('\n\n')) {
      const event = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      const data = event.split('\n').filter((line) => line.startsWith('data: '));
      if (data.length > 0) yield data.map((line) => line.slice(6)).join('\n');
    }
  }
}

export async function allEvents(response: Response): Promise<string[]> {
  const events: string[] = [];
  for await (const event of eventsOf(response)) events.push(event);
  return events;
}

/** What the line server's deeds and the bridge may answer; each test reads the part it asked for. */
export interface Answer {
  readonly id: unknown;
  readonly result: {
    readonly line: string;
    readonly mark: string;
    readonly text: string;
    readonly pid: number;
    readonly child: number;
    readonly protocolVersion: string;
    readonly answer: unknown;
    readonly journal: readonly JournalEntry[];
  };
  readonly error: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export interface JournalEntry {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The parsed body of a JSON answer. */
export async function jsonOf(response: Response): Promise<Answer> {
  expect(response.headers.get('content-type')).toBe('application/json');
  return JSON.parse(await response.text()) as Answer;
}

/** What the process has received so far. */
export async function journalOf(
  upstream: Upstream<Response>,
  options: CallerOptions = {},
): Promise<readonly JournalEntry[]> {
  const answer = await jsonOf(await upstream.handle(deed('journal'), contextOf(options)));
  return answer.result.journal;
}

/** Polls until the check is true; fails the test after five seconds. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await check()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error('waited in vain');
}

/** True while a process runs; one that has ended and waits for its parent does not count. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // ESRCH: there is no such process.
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    // It ended between the two looks.
    return false;
  }
}
