/**
 * Many clients of both eras on one bridge, at random: every answer, every progress message and every
 * update must carry the mark of the one whom it reaches. What is done is drawn beforehand, so that a
 * seed means the same deeds however they interleave.
 */

import { ok, strictEqual } from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Identity } from '@thv/oidc';
import { toResponse } from '../../src/http/answer.ts';
import { type McpMessage, readMessage } from '../../src/mcp/message.ts';
import type { StdioEvent } from '../../src/node/stdio-options.ts';
import { createStdioUpstream } from '../../src/node/stdio-upstream.ts';
import type { Upstream, UpstreamContext } from '../../src/upstream/upstream.ts';
import type { Random } from './random.ts';

const LINE_SERVER = fileURLToPath(new URL('../node/fixtures/line-server.ts', import.meta.url));
/** What one client may use several times, and another one as well. */
const IDS = ['0', '1', '"1"', '""', '9007199254740993', '9007199254740992', '"\\u0031"'];
const DEEDS = ['delay', 'delay', 'progress', 'leave', 'cancel', 'touch', 'listen'] as const;

interface Deed {
  readonly kind: (typeof DEEDS)[number] | 'crash';
  readonly id: string;
  readonly token: string;
  readonly ms: number;
  /** Of the client that a `touch` is about. */
  readonly other: number;
  /** Done at the same time as the one before. */
  readonly isJoined: boolean;
}

interface Client {
  readonly index: number;
  readonly subject: string;
  readonly era: '2025' | '2026';
  readonly hasSession: boolean;
  readonly deeds: readonly Deed[];
}

interface Play {
  readonly upstream: Upstream<Response>;
  readonly mayFail: boolean;
  /** Aborted at the end: it closes what is open. */
  readonly end: AbortSignal;
  /** False for what a stream must not tell its reader. */
  readonly mayHear: (client: Client, uri: string, by: number) => boolean;
}

export async function checkInterleaving(random: Random): Promise<void> {
  const isolation = random.pick(['shared', 'session'] as const);
  const isNative = random.once(2);
  const mayFail = random.once(3);
  const clients = drawClients(random, { isShared: isolation === 'shared', mayFail });
  const events: StdioEvent[] = [];
  const end = new AbortController();
  const subjectOf = (index: number): string | undefined => clients[index]?.subject;
  const mayHear: Play['mayHear'] = (client, uri, by) => {
    if (isolation === 'shared') return uri === uriOf(client.index);
    // A process of one's own says what one makes it say; in the 2026 era it is the identity's.
    return client.era === '2025'
      ? by === client.index
      : uri === uriOf(client.index) && subjectOf(by) === client.subject;
  };
  const bridge = createStdioUpstream({
    command: process.execPath,
    args: [LINE_SERVER, ...(isNative ? ['--native'] : [])],
    env: {},
    isolation,
    stopTimeout: 500,
    restart: { initialDelay: 1, maxAttempts: 1000 },
    log: (event) => events.push(event),
  });
  const upstream: Upstream<Response> = {
    ...bridge,
    handle: async (message, context) => toResponse(await bridge.handle(message, context)),
    stream: async (context) => toResponse(await bridge.stream(context)),
    endSession: async (context) => toResponse(await bridge.endSession(context)),
  };
  const streams: Promise<unknown>[] = [];
  try {
    const play: Play = { upstream, mayFail, end: end.signal, mayHear };
    await Promise.all(clients.map((client) => act(client, play, streams)));
    strictEqual(events.filter(({ type }) => type === 'line-skipped').length, 0);
  } finally {
    end.abort();
    await upstream.close();
  }
  for (const error of await Promise.all(streams)) if (error !== undefined) throw error;
}

function drawClients(
  random: Random,
  { isShared, mayFail }: { readonly isShared: boolean; readonly mayFail: boolean },
): readonly Client[] {
  const count = 2 + random.below(isShared ? 5 : 2);
  return Array.from({ length: count }, (_, index): Client => {
    const era = random.pick(['2025', '2026'] as const);
    return {
      index,
      // Two clients may be the same caller.
      subject: `caller-${random.below(count)}`,
      era,
      hasSession: era === '2025' && (!isShared || !random.once(4)),
      deeds: Array.from(
        { length: 5 + random.below(15) },
        (): Deed => ({
          kind: mayFail && random.once(20) ? 'crash' : random.pick(DEEDS),
          id: random.pick(IDS),
          token: random.pick(IDS),
          ms: random.below(15),
          other: random.below(count),
          isJoined: random.once(2),
        }),
      ),
    };
  });
}

async function act(client: Client, play: Play, streams: Promise<unknown>[]): Promise<void> {
  const { upstream, mayFail, end } = play;
  const sessionId = client.hasSession ? await begin(client, upstream) : undefined;
  const context = (signal = new AbortController().signal, accept = BOTH): UpstreamContext => ({
    // The bridge reads issuer and subject only.
    identity: { issuer: 'i', subject: client.subject } as Identity,
    sessionId,
    headers: new Headers({ accept }),
    signal,
  });
  if (sessionId !== undefined) {
    const stream = await upstream.stream(context(end));
    if (stream.ok) streams.push(hearOnlyOwn(stream, client, play).catch((error: unknown) => error));
  }

  const send = (message: McpMessage, signal?: AbortSignal) =>
    upstream.handle(message, context(signal));

  const perform = async (deed: Deed, serial: number): Promise<void> => {
    const mark = `${client.index}#${serial}`;
    const { id, token, ms } = deed;
    switch (deed.kind) {
      case 'delay':
        return checkAnswer(await send(call(client, 'delay', { ms, mark }, deed)), {
          id,
          mark,
          mayFail,
        });
      case 'progress': {
        const response = await send(call(client, 'progress', { ms, mark, steps: 3 }, deed));
        return checkAnswer(response, { id, mark, token, mayFail });
      }
      case 'leave': {
        const gone = new AbortController();
        const leaving = send(call(client, 'delay', { ms, mark }, deed), gone.signal);
        gone.abort();
        // In the 2025 era the process goes on all the same, for nobody.
        await (await leaving).text();
        return;
      }
      case 'cancel': {
        if (client.era === '2026') return;
        const text = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`;
        strictEqual((await send(read(text))).status, 202);
        return;
      }
      case 'touch': {
        const line = `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"${uriOf(deed.other)}","by":${client.index}}}`;
        await (await send(call(client, 'emit', { lines: [line], mark }, deed))).text();
        return;
      }
      case 'listen': {
        const response = await listen(client, sessionId, (message) =>
          upstream.handle(message, context(end)),
        );
        if (response?.headers.get('content-type') === 'text/event-stream') {
          streams.push(hearOnlyOwn(response, client, play).catch((error: unknown) => error));
        } else await response?.text();
        return;
      }
      case 'crash':
        await (await send(call(client, 'crash', { code: 1 }, deed))).text();
    }
  };

  let joined: Promise<void>[] = [];
  for (const [serial, deed] of client.deeds.entries()) {
    if (!deed.isJoined) {
      await Promise.all(joined);
      joined = [];
    }
    joined.push(perform(deed, serial));
  }
  await Promise.all(joined);
  if (sessionId !== undefined) await upstream.endSession(context());
}

const BOTH = 'application/json, text/event-stream';

function uriOf(index: number): string {
  return `note:${index}`;
}

async function begin(client: Client, upstream: Upstream<Response>): Promise<string> {
  const hello =
    '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"f","version":"1"}}';
  const response = await upstream.handle(
    read(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":${hello}}`),
    {
      identity: { issuer: 'i', subject: client.subject } as Identity,
      sessionId: undefined,
      headers: new Headers(),
      signal: new AbortController().signal,
    },
  );
  await response.text();
  return response.headers.get('mcp-session-id') ?? '';
}

/** Subscribes to what is about this client. */
async function listen(
  client: Client,
  sessionId: string | undefined,
  send: (message: McpMessage) => Promise<Response>,
): Promise<Response | undefined> {
  const uri = uriOf(client.index);
  if (client.era === '2025') {
    if (sessionId === undefined) return undefined;
    const text = `{"jsonrpc":"2.0","id":"s","method":"resources/subscribe","params":{"uri":"${uri}"}}`;
    return send(read(text));
  }
  const params = `{"notifications":{"resourceSubscriptions":["${uri}"]},"_meta":{${ENVELOPE}}}`;
  return send(
    read(
      `{"jsonrpc":"2.0","id":${client.index},"method":"subscriptions/listen","params":${params}}`,
      {
        ...MODERN,
        'mcp-method': 'subscriptions/listen',
      },
    ),
  );
}

/** No stream tells its reader of what is another client's. */
async function hearOnlyOwn(response: Response, client: Client, play: Play): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  for (const [found, uri = '', by] of text.matchAll(/"uri":"(note:\d+)","by":(\d+)/g)) {
    ok(play.mayHear(client, uri, Number(by)), `client ${client.index} hears ${found}`);
  }
  for (const [, id] of text.matchAll(/subscriptionId":([^,}]+)/g)) {
    strictEqual(id, String(client.index));
  }
}

interface Expected {
  readonly id: string;
  readonly mark: string;
  readonly token?: string;
  readonly mayFail: boolean;
}

async function checkAnswer(
  response: Response,
  { id, mark, token, mayFail }: Expected,
): Promise<void> {
  const body = await response.text();
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const messages = isStream
    ? body.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
    : [body];
  const answer = messages.pop() ?? '';
  ok(answer.includes(`"id":${id},`), `${answer} does not answer ${id}`);
  for (const progress of messages) {
    ok(
      progress.includes(`"progressToken":${token},`),
      `${progress} has another token than ${token}`,
    );
    strictEqual(JSON.parse(progress).params.message, mark);
  }
  const { result, error } = JSON.parse(answer);
  if (error === undefined) strictEqual(result.mark, mark);
  // A cancellation of the same id by the same client may have struck it.
  else ok(error.message === 'Request cancelled' || mayFail, answer);
}

const ENVELOPE =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}';
const MODERN = { 'mcp-protocol-version': '2026-07-28' };

function call(client: Client, name: string, args: object, { id, token }: Deed): McpMessage {
  const isModern = client.era === '2026';
  const meta = `"_meta":{"progressToken":${token}${isModern ? `,${ENVELOPE}` : ''}}`;
  const params = `{"name":"${name}","arguments":${JSON.stringify(args)},${meta}}`;
  return read(
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`,
    isModern ? { ...MODERN, 'mcp-method': 'tools/call', 'mcp-name': name } : {},
  );
}

function read(text: string, headers: Record<string, string> = {}): McpMessage {
  const message = readMessage(new TextEncoder().encode(text), new Headers(headers));
  ok(message.ok, `not a message: ${text}`);
  return message.message;
}
