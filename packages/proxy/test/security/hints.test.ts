/** Ways to make a policy that reads tool hints decide by hints that are not the server's (D30). */

import { describe, expect, it } from 'vitest';
import type { McpMessage, UpstreamContext } from '../../src/index.ts';
import { engine, fakeUpstream, harness, jsonResult } from '../support/fakes.ts';
import { heldAfterCollection, MIB } from '../support/held.ts';

const V26 = '2026-07-28';
const META = { 'io.modelcontextprotocol/protocolVersion': V26 };
const modern = (name: string): Record<string, string> => ({
  'mcp-protocol-version': V26,
  'mcp-method': 'tools/call',
  'mcp-name': name,
});
/** Whatever is not known to be destructive may be called. */
const noDestruction = engine((r) => r.hints?.destructiveHint !== true, true);

type Answer = (message: McpMessage, context: UpstreamContext) => Response | Promise<Response>;

/** Answers `tools/list` as told, and everything else with an empty result. */
function server(list: Answer) {
  return fakeUpstream((message, context) =>
    message?.method === 'tools/list'
      ? list(message, context)
      : jsonResult(message?.id?.text ?? 'null', {}),
  );
}
const rm = (destructiveHint: unknown): unknown => ({
  tools: [{ name: 'rm', annotations: { destructiveHint } }],
});
const destructive: Answer = (message) => jsonResult(message.id!.text, rm(true));

describe('the list that the proxy asks for', () => {
  it('is not asked in the session of somebody else', async () => {
    const upstream = server(destructive);
    const { call } = harness({ authorize: noDestruction, upstream });
    const headers = { ...modern('rm'), 'mcp-session-id': 'of-somebody-else', 'last-event-id': '7' };
    expect((await call('tools/call', { name: 'rm', _meta: META }, headers)).status).toBe(403);
    expect(upstream.forwarded).toHaveLength(1);
    const { headers: sent } = upstream.forwarded[0]!.context;
    expect(sent.has('mcp-session-id')).toBe(false);
    expect(sent.has('last-event-id')).toBe(false);
  });

  it('is asked in a form that the server can answer, whatever the caller accepts', async () => {
    const upstream = server(destructive);
    const { call } = harness({ authorize: noDestruction, upstream });
    await call('tools/call', { name: 'rm' }, { accept: 'image/png', range: 'bytes=0-1' });
    const { headers } = upstream.forwarded[0]!.context;
    expect(headers.get('accept')).toBe('application/json, text/event-stream');
    expect(headers.has('range')).toBe(false);
  });

  it('has no header that mirrors another message', async () => {
    const upstream = server(destructive);
    const { call } = harness({ authorize: noDestruction, upstream });
    const mirrors = { 'mcp-method': 'x', 'mcp-name': 'x', 'mcp-param-a': 'x' };
    await call('tools/call', { name: 'rm' }, mirrors);
    for (const name of Object.keys(mirrors)) {
      expect(upstream.forwarded[0]!.context.headers.has(name)).toBe(false);
    }
  });

  it('fails for whoever made it fail, not for the others who wait', async () => {
    let fail: () => void = () => undefined;
    const upstream = server((message, context) =>
      context.identity.subject === 'mallory'
        ? new Promise((_, reject) => {
            fail = () => reject(new Error('broken'));
          })
        : jsonResult(message.id!.text, rm(false)),
    );
    const { call } = harness({ authorize: noDestruction, upstream });
    const bad = call('tools/call', { name: 'rm' }, { authorization: 'Bearer mallory' });
    await settle();
    const good = call('tools/call', { name: 'rm' });
    await settle();
    fail();
    expect((await bad).status).toBe(500);
    expect((await good).status).toBe(200);
  });
});

describe('hints that changed', () => {
  it('while the list was on its way are asked for again', async () => {
    let listings = 0;
    const change = 'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n';
    const upstream = server((message) => {
      listings += 1;
      // The change is told on the stream of another request, while the old list is under way.
      if (listings > 1) return jsonResult(message.id!.text, rm(true));
      return new Promise((resolve) => {
        answerOld = () => resolve(jsonResult(message.id!.text, rm(false)));
      });
    });
    let answerOld = (): void => undefined;
    const { call, send } = harness({
      authorize: noDestruction,
      upstream: {
        ...upstream,
        stream: async () =>
          new Response(change, { headers: { 'content-type': 'text/event-stream' } }),
      },
    });
    const first = call('tools/call', { name: 'rm' });
    await settle();
    await (await send('', { method: 'GET' })).text();
    answerOld();
    expect((await first).status).toBe(403);
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
  });

  it('all the time let nobody through', async () => {
    const change = 'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n';
    const headers = { 'content-type': 'text/event-stream' };
    const base = server(async (message) => {
      // Told on a stream of its own while this listing is answered.
      await (await send('', { method: 'GET' })).text();
      return jsonResult(message.id!.text, rm(false));
    });
    const upstream = { ...base, stream: async () => new Response(change, { headers }) };
    const { call, send } = harness({ authorize: noDestruction, upstream });
    expect((await call('tools/call', { name: 'rm' })).status).toBe(502);
    expect(base.forwarded.length).toBeLessThan(10);
  });
});

describe('a list of before the hints changed', () => {
  const sse = { 'content-type': 'text/event-stream' };
  const OLD = `data: {"jsonrpc":"2.0","id":1,"result":${JSON.stringify(rm(false))}}\n\n`;

  it('that is sent again to who resumes a stream brings none of them back', async () => {
    let isNew = false;
    const upstream = server((message) =>
      isNew ? destructive(message, undefined as never) : new Response(OLD, { headers: sse }),
    );
    const { call, send } = harness({
      authorize: noDestruction,
      upstream: { ...upstream, stream: async () => new Response(OLD, { headers: sse }) },
    });
    await (await call('tools/list')).text();
    isNew = true;
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
    const resumed = await send('', { method: 'GET', headers: { 'last-event-id': '7' } });
    expect(await resumed.text()).toContain('rm');
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
  });

  it('that is read late brings none of them back', async () => {
    let now = 0;
    let sendOld: () => void = () => undefined;
    const late = new ReadableStream<Uint8Array>({
      start(controller) {
        sendOld = () => {
          controller.enqueue(new TextEncoder().encode(OLD));
          controller.close();
        };
      },
    });
    const upstream = server((message, context) =>
      now === 0 ? new Response(late, { headers: sse }) : destructive(message, context),
    );
    const { call } = harness({ authorize: noDestruction, upstream, now: () => now });
    const listed = await call('tools/list');
    now = 1;
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
    sendOld();
    expect(await listed.text()).toContain('rm');
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
  });

  it('that is read after a newer one brings none of them back', async () => {
    let now = 0;
    let answerOld: (response: Response) => void = () => undefined;
    const upstream = server((message, context) => {
      // The list that the proxy asks for.
      if (now === 0) return jsonResult(message.id!.text, rm(false));
      if (now > 1) return destructive(message, context);
      return new Promise((resolve) => {
        answerOld = resolve;
      });
    });
    const { call } = harness({ authorize: noDestruction, upstream, now: () => now });
    expect((await call('tools/call', { name: 'rm' })).status).toBe(200);
    now = 1;
    const old = call('tools/list');
    await settle();
    now = 2;
    await (await call('tools/list')).text();
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
    answerOld(jsonResult('1', rm(false)));
    await (await old).text();
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
  });
});

describe('what a server lists', () => {
  const two = (a: unknown, b: unknown) => ({ tools: [...tools(a), ...tools(b)] });
  const tools = (hint: unknown): unknown[] => [
    { name: 'rm', annotations: { destructiveHint: hint } },
  ];
  it.each([
    // Attempts: hints
    ['a hint that is text', rm('true')],
    ['a hint that is a number', rm(1)],
    ['annotations in a list', { tools: [{ name: 'rm', annotations: [] }] }],
    ['the tool twice, the harmless one last', two(true, false)],
    ['the tool twice, the harmless one first', two(false, true)],
    ['no tools', { tools: [] }],
    ['a name in another case', { tools: [{ name: 'RM', annotations: {} }] }],
    ['a name with a blank', { tools: [{ name: 'rm ', annotations: {} }] }],
  ])('%s', async (_name, result) => {
    const upstream = server((message) => jsonResult(message.id!.text, result));
    const { call } = harness({ authorize: noDestruction, upstream });
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
    expect(upstream.forwarded.every((f) => f.message?.method === 'tools/list')).toBe(true);
  });

  it.each(['toString', '__proto__', 'constructor', 'hasOwnProperty'])(
    'a tool named %s is not known before it is listed',
    async (name) => {
      const upstream = server(destructive);
      const { call } = harness({ authorize: engine(() => true, true), upstream });
      expect((await call('tools/call', { name })).status).toBe(403);
    },
  );

  it('without end is read to an end', async () => {
    const upstream = server((message) =>
      jsonResult(message.id!.text, { tools: [], nextCursor: 'again' }),
    );
    const { call } = harness({ authorize: noDestruction, upstream });
    expect((await call('tools/call', { name: 'rm' })).status).toBe(403);
    expect(upstream.forwarded.length).toBeLessThan(200);
  });

  it('on many pages is not held while it is read', async () => {
    const held: number[] = [];
    const upstream = server(async (message) => {
      const page = upstream.forwarded.length;
      held.push(await heldAfterCollection());
      const tool = { name: `tool-${page}`, description: `${page}`.padEnd(MIB / 2, 'x') };
      const next = page < 30 ? { nextCursor: 'more' } : {};
      return jsonResult(message.id!.text, { tools: [tool], ...next });
    });
    const { call } = harness({ authorize: noDestruction, upstream });
    expect((await call('tools/call', { name: 'tool-1' })).status).toBe(200);
    expect(((held[29] ?? 0) - (held[1] ?? 0)) / MIB).toBeLessThan(5);
  });

  it.each(['application/json', 'text/event-stream'])(
    'in a body of %s that never ends does not stop calls for ever',
    async (type) => {
      let isStuck = true;
      const upstream = server((message, context) => {
        if (!isStuck) return jsonResult(message.id!.text, rm(false));
        isStuck = false;
        const body = new ReadableStream({
          start(controller) {
            // The time that the proxy gives a listing, cut short by the test.
            setTimeout(() => context.signal.dispatchEvent(new Event('abort')), 10);
            controller.enqueue(new TextEncoder().encode(' '));
          },
        });
        return new Response(body, { headers: { 'content-type': type } });
      });
      const { call } = harness({ authorize: noDestruction, upstream });
      expect((await call('tools/call', { name: 'rm' })).status).toBe(502);
      expect((await call('tools/call', { name: 'rm' })).status).toBe(200);
    },
  );
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((done) => setImmediate(done));
}
