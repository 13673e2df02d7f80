/** The bridge over a server that nobody here wrote. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  allEvents,
  BOTH,
  beginSession,
  contextOf,
  deed,
  eventsOf,
  isAlive,
  message,
  modern,
  type Rig,
  startRig,
} from './stdio-harness.ts';

const require = createRequire(import.meta.url);
const manifest = require.resolve('@modelcontextprotocol/server-everything/package.json');
const SERVER = join(dirname(manifest), 'dist', 'index.js');

function startEverything(isolation: 'shared' | 'session' = 'shared'): Rig {
  return startRig([], { args: [SERVER, 'stdio'], isolation });
}

interface ToolAnswer {
  readonly id: unknown;
  readonly result: {
    readonly content: readonly { readonly text: string }[];
    readonly tools: readonly { readonly name: string }[];
  };
}

async function toolAnswer(response: Response): Promise<ToolAnswer> {
  expect(response.status).toBe(200);
  return JSON.parse(await response.text()) as ToolAnswer;
}

describe('the everything server, shared', () => {
  it('serves ten clients with the same ids, each its own echo', async () => {
    const { upstream } = startEverything();
    const clients = Array.from({ length: 10 }, (_, index) => `client-${index}`);
    await Promise.all(
      clients.map(async (subject) => {
        const sessionId = await beginSession(upstream, { subject });
        const context = contextOf({ subject, sessionId });
        await Promise.all(
          ['0', '"0"', '9007199254740993'].map(async (id) => {
            const text = `${subject} ${id}`;
            const response = await upstream.handle(
              deed('echo', { message: text }, { id }),
              context,
            );
            const body = await response.clone().text();
            expect(body).toMatch(new RegExp(`"id":${id}[,}]`));
            expect((await toolAnswer(response)).result.content[0]?.text).toBe(`Echo: ${text}`);
          }),
        );
      }),
    );
  });

  it('gives each of several long-running calls its own progress', async () => {
    const { upstream } = startEverything();
    await Promise.all(
      ['5', '"5"', '0'].map(async (token) => {
        const args = { duration: 0.4, steps: 4 };
        const call = deed('trigger-long-running-operation', args, { id: '1', token });
        const events = await allEvents(await upstream.handle(call, contextOf({ accept: BOTH })));
        const progress = events.slice(0, -1).map((event) => JSON.parse(event).params);
        expect(progress.map(({ progressToken }) => progressToken)).toEqual(
          Array.from({ length: 4 }, () => JSON.parse(token)),
        );
        expect(JSON.parse(events.at(-1) ?? '').id).toBe(1);
      }),
    );
  });

  it('serves a client of the 2026 era by translation', async () => {
    const { upstream } = startEverything();
    const list = await toolAnswer(await upstream.handle(modern('tools/list'), contextOf()));
    expect(list.result.tools.map(({ name }) => name)).toContain('echo');
    expect((await upstream.handle(modern('server/discover'), contextOf())).status).toBe(200);
  });

  it('offers no tools that ask the client, since the bridge declares no capabilities', async () => {
    const { upstream } = startEverything();
    const list = message('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    const { result } = await toolAnswer(await upstream.handle(list, contextOf()));
    const names = result.tools.map(({ name }) => name);
    expect(names).not.toContain('trigger-sampling-request');
    expect(names).not.toContain('trigger-elicitation-request');
  });

  it('is gone after close', async () => {
    const { upstream, events } = startEverything();
    await upstream.ready(AbortSignal.timeout(10_000));
    const started = events.find((event) => event.type === 'process-started');
    expect(started?.type === 'process-started' && isAlive(started.pid)).toBe(true);
    await upstream.close();
    expect(started?.type === 'process-started' && isAlive(started.pid)).toBe(false);
  });
});

describe('the everything server, one process per session', () => {
  it('asks the client that can be asked', async () => {
    const { upstream } = startEverything('session');
    const params = JSON.stringify({
      protocolVersion: '2025-11-25',
      capabilities: { roots: { listChanged: true }, sampling: {} },
      clientInfo: { name: 'test', version: '1' },
    });
    const hello = message(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`);
    const response = await upstream.handle(hello, contextOf());
    const sessionId = response.headers.get('mcp-session-id') ?? '';
    const context = contextOf({ sessionId, accept: BOTH });
    await upstream.handle(
      message('{"jsonrpc":"2.0","method":"notifications/initialized"}'),
      context,
    );
    const stream = eventsOf(await upstream.stream(context));
    const call = upstream.handle(
      deed('trigger-sampling-request', { prompt: 'hi', maxTokens: 5 }, { id: '"s"' }),
      context,
    );
    for await (const event of stream) {
      const asked = JSON.parse(event);
      if (asked.id === undefined) continue;
      const isSampling = asked.method === 'sampling/createMessage';
      const result = isSampling
        ? { model: 'm', role: 'assistant', content: { type: 'text', text: 'sampled' } }
        : { roots: [] };
      const answer = JSON.stringify({ jsonrpc: '2.0', id: asked.id, result });
      expect((await upstream.handle(message(answer), context)).status).toBe(202);
      if (isSampling) break;
    }
    const body = await (await call).text();
    expect(body).toContain('sampled');
  });
});
