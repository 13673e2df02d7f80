/** What a server tells of its own accord: only what was asked for, about what may be read. */

import { describe, expect, it } from 'vitest';
import type { ProxyOptions } from '../../src/index.ts';
import { engine, fakeUpstream, type Harness, harness } from '../support/fakes.ts';

const sse = { 'content-type': 'text/event-stream' };
const V26 = '2026-07-28';
const META = { 'io.modelcontextprotocol/protocolVersion': V26 };
/** Everything below `file:///open/` may be read, and every tool called. */
const READER = engine(
  ({ action, target }) => action === 'call_tool' || /^file:\/\/\/open\b/.test(target),
);

const notice = (method: string, params: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', method: `notifications/${method}`, params });
const updated = (uri: unknown): string => notice('resources/updated', { uri });
const stream = (...messages: string[]): string =>
  messages.map((text, index) => `id: ${index}\ndata: ${text}\n\n`).join('');

function says(body: string, authorize: ProxyOptions['authorize'] = READER): Harness {
  return harness({ upstream: fakeUpstream(() => new Response(body, { headers: sse })), authorize });
}

/** The messages that arrive, and the ids of all events. */
async function read(response: Response) {
  const text = await response.text();
  return {
    messages: [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data),
    ids: [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id),
    text,
  };
}

const modern = (h: Harness, method: string, params: Record<string, unknown>, name?: string) =>
  h.call(
    method,
    { ...params, _meta: META },
    {
      'mcp-protocol-version': V26,
      'mcp-method': method,
      ...(name !== undefined && { 'mcp-name': name }),
    },
  );
const listen = (h: Harness, notifications: object) =>
  modern(h, 'subscriptions/listen', { notifications });
const openStream = (h: Harness) =>
  h.send('', { method: 'GET', headers: { accept: 'text/event-stream' } });

describe('on a subscription', () => {
  const ACK = notice('subscriptions/acknowledged', { notifications: {} });
  const SUBSCRIBED = { resourceSubscriptions: ['file:///open'] };

  it.each([
    // Attempts: notifications
    ['a resource that may not be read', updated('file:///secret')],
    ['one that only begins like another', updated('file:///openly')],
    ['one in another case', updated('FILE:///open')],
    ['one in percent signs', updated('file:///%6fpen')],
    ['one without an URI', notice('resources/updated')],
    ['tools', notice('tools/list_changed')],
    ['prompts', notice('prompts/list_changed')],
    ['resources', notice('resources/list_changed')],
  ])('nothing is heard of %s', async (_, text) => {
    const h = says(stream(ACK, text, updated('file:///open/a')));
    const { messages, ids } = await read(await listen(h, SUBSCRIBED));
    expect(messages).toEqual([ACK, updated('file:///open/a')]);
    // Whoever resumes must not be sent the same again.
    expect(ids).toEqual(['0', '1', '2']);
  });

  it.each([
    // Attempts: notifications
    ['URI of another type', updated(5)],
    ['URI twice', updated('file:///open').replace('"uri"', '"uri":"file:///secret","uri"')],
    ['URI in two cases', updated('file:///open').replace('"uri"', '"URI":"file:///secret","uri"')],
    ['batch', `[${updated('file:///secret')}]`],
  ])('a %s does not pass', async (_, text) => {
    const h = says(stream(text));
    const { messages } = await read(await listen(h, SUBSCRIBED));
    expect(messages).toEqual([expect.stringContaining('"code":-32603')]);
  });

  it.each([
    ['toolsListChanged', 'tools/list_changed'],
    ['promptsListChanged', 'prompts/list_changed'],
    ['resourcesListChanged', 'resources/list_changed'],
  ])('%s asks for it, and false does not', async (flag, method) => {
    const others = ['tools', 'prompts', 'resources'].map((kind) => notice(`${kind}/list_changed`));
    const heard = async (wanted: boolean) =>
      (await read(await listen(says(stream(...others)), { [flag]: wanted }))).messages;
    expect(await heard(true)).toEqual([notice(method)]);
    expect(await heard(false)).toEqual([]);
  });

  it.each([{}, { resourceSubscriptions: [] }])('%j asks for no resource', async (wanted) => {
    const h = says(stream(updated('file:///open')), 'anything-authenticated');
    expect((await read(await listen(h, wanted))).messages).toEqual([]);
  });

  it('one URI too many is refused as a whole', async () => {
    const h = says(stream());
    const uris = ['file:///open', 'file:///secret'];
    expect((await listen(h, { resourceSubscriptions: uris })).status).toBe(403);
    expect(h.upstream.forwarded).toHaveLength(0);
  });

  it('a hint that tools have changed is taken, though the caller did not ask for it', async () => {
    let lists = 0;
    const upstream = fakeUpstream((message) => {
      if (message?.method === 'subscriptions/listen') {
        return new Response(stream(notice('tools/list_changed')), { headers: sse });
      }
      if (message?.method === 'tools/list') lists += 1;
      const tools = [{ name: 'rm', annotations: { destructiveHint: lists > 1 } }];
      return Response.json({
        jsonrpc: '2.0',
        id: JSON.parse(message?.id?.text ?? ''),
        result: { tools, content: [] },
      });
    });
    const authorize = engine(({ hints }) => hints?.destructiveHint !== true, true);
    const h = harness({ upstream, authorize });
    const call = () => modern(h, 'tools/call', { name: 'rm' }, 'rm');
    expect((await call()).status).toBe(200);
    await (await listen(h, {})).text();
    expect((await call()).status).toBe(403);
  });
});

it('a subscription to more resources than may be judged at once reaches nobody', async () => {
  const h = says(stream());
  const uris = (count: number) =>
    Array.from({ length: count }, (_, index) => `file:///open/${index}`);
  const refused = await listen(h, { resourceSubscriptions: uris(1001) });
  expect([refused.status, (await refused.json()).error.code]).toEqual([400, -32602]);
  expect(h.upstream.forwarded).toEqual([]);
  expect((await listen(h, { resourceSubscriptions: uris(1000) })).status).toBe(200);
});

describe('on other streams', () => {
  it('of 2025, changes of lists are told without asking, resources only to who may read them', async () => {
    const changes = ['tools', 'prompts', 'resources'].map((kind) => notice(`${kind}/list_changed`));
    const h = says(stream(...changes, updated('file:///secret'), updated('file:///open')));
    const { messages, ids } = await read(await openStream(h));
    expect(messages).toEqual([...changes, updated('file:///open')]);
    expect(ids).toEqual(['0', '1', '2', '3', '4']);
  });

  it('that answer a call (2025), a resource that may not be read is not named', async () => {
    const answer = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';
    const h = says(stream(updated('file:///secret'), answer));
    expect((await read(await h.call('tools/call', { name: 'x' }))).messages).toEqual([answer]);
  });

  it('of 2026, nothing is told that nobody subscribed to', async () => {
    const progress = notice('progress', { progressToken: 1, progress: 1 });
    const changes = ['tools', 'prompts', 'resources'].map((kind) => notice(`${kind}/list_changed`));
    const h = says(stream(...changes, updated('file:///open'), progress));
    const { messages } = await read(await modern(h, 'tools/call', { name: 'x' }, 'x'));
    expect(messages).toEqual([progress]);
  });

  it('are judged for the caller who listens', async () => {
    const authorize = engine(({ identity }) => identity?.subject === 'alice');
    const h = says(stream(updated('file:///open')), authorize);
    const as = (name: string) =>
      h.send('', {
        method: 'GET',
        headers: { accept: 'text/event-stream', authorization: `Bearer ${name}` },
      });
    expect((await read(await as('alice'))).messages).toHaveLength(1);
    expect((await read(await as('bob'))).messages).toHaveLength(0);
  });

  it('end when the policy fails to decide', async () => {
    const authorize = {
      ...READER,
      authorize: () => {
        throw new Error('broken');
      },
    };
    const h = says(stream(updated('file:///open')), authorize);
    expect((await read(await openStream(h))).text).not.toContain('open');
  });

  it('that are no streams are withheld', async () => {
    const upstream = fakeUpstream(
      () =>
        new Response(updated('file:///secret'), {
          headers: { 'content-type': 'application/json' },
        }),
    );
    const h = harness({ upstream, authorize: READER });
    expect(await (await h.call('tools/list')).json()).toMatchObject({ error: { code: -32603 } });
  });
});
