/** Lists are filtered on every way from the server to the client (D29). Policy W: only `weather`. */

import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { authenticate, engine, fakeUpstream, harness, W } from './support/fakes.ts';

const TOOLS = '{"tools":[{"name":"weather"},{"name":"admin_tool"}]}';
const clean = (id: string | number = 99) => `{"jsonrpc":"2.0","id":${id},"result":${TOOLS}}`;
const json = { 'content-type': 'application/json' };
const sse = { 'content-type': 'text/event-stream' };

function list(body: BodyInit | null, init: ResponseInit) {
  const h = harness({ authorize: W, upstream: fakeUpstream(() => new Response(body, init)) });
  const ask = (method = 'tools/list', id: unknown = 99) =>
    h.send(JSON.stringify({ jsonrpc: '2.0', id, method }));
  return { ...h, ask };
}

const FILTERED = '{"jsonrpc":"2.0","id":99,"result":{"tools":[{"name":"weather"}]}}';
const WITHHELD = '{"jsonrpc":"2.0","id":99,"error":{"code":-32603,"message":"Internal error"}}';

describe('a list in a JSON body', () => {
  it.each<[string, BodyInit, ResponseInit, string, number?]>([
    ['F1 clean', clean(), { headers: json }, FILTERED],
    [
      'F2 media type in capitals',
      clean(),
      { headers: { 'content-type': 'Application/JSON' } },
      FILTERED,
    ],
    [
      'F2 charset',
      clean(),
      { headers: { 'content-type': 'application/json ; charset=utf-8' } },
      FILTERED,
    ],
    ['F2 status 201', clean(), { status: 201, headers: json }, FILTERED, 201],
    ['F3 mislabelled', clean(), { headers: { 'content-type': 'text/plain' } }, FILTERED],
    ['F4 plain text (D29)', 'plain text', { headers: { 'content-type': 'text/plain' } }, WITHHELD],
    ['F5 status 500 with a list (D29)', clean(), { status: 500, headers: json }, WITHHELD, 500],
    ['F5 status 404 with a list (D29)', clean(), { status: 404, headers: json }, WITHHELD, 404],
    ['F6 byte order mark', `\ufeff${clean()}`, { headers: json }, FILTERED],
    [
      'F7 error',
      '{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":"x"}}',
      { headers: json },
      '{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":"x"}}',
    ],
    [
      'F8 error and result',
      `{"jsonrpc":"2.0","id":99,"error":{"code":1,"message":"x"},"result":${TOOLS}}`,
      { headers: json },
      WITHHELD,
    ],
    ['F9 array', `[${clean()}]`, { headers: json }, WITHHELD],
    ['F9 array with something else', `[1,${clean()}]`, { headers: json }, WITHHELD],
    ['F10 no version', `{"id":99,"result":${TOOLS}}`, { headers: json }, WITHHELD],
    ['F10 no id', `{"jsonrpc":"2.0","result":${TOOLS}}`, { headers: json }, WITHHELD],
    [
      'F10 object as id',
      `{"jsonrpc":"2.0","id":{},"result":${TOOLS}}`,
      { headers: json },
      WITHHELD,
    ],
    [
      'F10 beside a method',
      `{"jsonrpc":"2.0","id":99,"method":"x","result":${TOOLS}}`,
      { headers: json },
      WITHHELD,
    ],
    [
      'F14 object as tools (D29)',
      '{"jsonrpc":"2.0","id":99,"result":{"tools":{}}}',
      { headers: json },
      WITHHELD,
    ],
    [
      'F14 array as result (D29)',
      '{"jsonrpc":"2.0","id":99,"result":[]}',
      { headers: json },
      WITHHELD,
    ],
    [
      'F15 gzip (D29)',
      gzipSync(clean()),
      { headers: { ...json, 'content-encoding': 'gzip' } },
      FILTERED,
    ],
    [
      'F15 unknown coding (D29)',
      clean(),
      { headers: { ...json, 'content-encoding': 'br' } },
      WITHHELD,
    ],
    ['F34 another id (D29)', clean(7), { headers: json }, WITHHELD],
    [
      'F35 result twice (D29)',
      `{"jsonrpc":"2.0","id":99,"result":{"tools":[]},"result":${TOOLS}}`,
      { headers: json },
      WITHHELD,
    ],
    [
      'F35 Result (D29)',
      `{"jsonrpc":"2.0","id":99,"Result":${TOOLS}}`,
      { headers: json },
      WITHHELD,
    ],
    ['two bodies', `${clean()}${clean()}`, { headers: json }, WITHHELD],
    [
      'status 500, plain text',
      'secret admin_tool',
      { status: 500, headers: { 'content-type': 'text/plain' } },
      WITHHELD,
      500,
    ],
  ])('%s', async (_, body, init, expected, status = 200) => {
    const { ask } = list(body, init);
    const response = await ask();
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(expected);
  });

  it('F13 drops an item that cannot be judged and keeps the rest byte for byte (D29)', async () => {
    const body = `{"jsonrpc":"2.0","id":99,"result":{ "tools":[ {"name" : "weather","x-vendor":12345678901234567890 } , {"name":5}, {}, null, "x" , {"name":"admin_tool"}] , "nextCursor":"c2","_meta":{"a":1.0},"ttlMs":5,"cacheScope":"public","resultType":"complete"}}`;
    const { ask } = list(body, { headers: json });
    expect(await (await ask()).text()).toBe(
      `{"jsonrpc":"2.0","id":99,"result":{ "tools":[{"name" : "weather","x-vendor":12345678901234567890 }] , "nextCursor":"c2","_meta":{"a":1.0},"ttlMs":5,"cacheScope":"private","resultType":"complete"}}`,
    );
  });

  it('F12 leaves an empty list, not none', async () => {
    const { ask } = list('{"jsonrpc":"2.0","id":99,"result":{"tools":[ {"name":"admin_tool"} ]}}', {
      headers: json,
    });
    expect(await (await ask()).text()).toBe('{"jsonrpc":"2.0","id":99,"result":{"tools":[]}}');
  });

  it.each([
    ['prompts/list', '{"prompts":[{"name":"ok"},{"name":"no"}]}', '{"prompts":[{"name":"ok"}]}'],
    ['resources/list', '{"resources":[{"uri":"ok"},{"uri":"no"}]}', '{"resources":[{"uri":"ok"}]}'],
    [
      'resources/templates/list',
      '{"resourceTemplates":[{"uriTemplate":"ok"},{"uriTemplate":"no"}]}',
      '{"resourceTemplates":[{"uriTemplate":"ok"}]}',
    ],
  ])('%s is filtered as well', async (method, result, expected) => {
    const upstream = fakeUpstream(
      () => new Response(`{"jsonrpc":"2.0","id":1,"result":${result}}`, { headers: json }),
    );
    const { call } = harness({ authorize: engine((r) => r.target === 'ok'), upstream });
    expect(await (await call(method)).text()).toBe(`{"jsonrpc":"2.0","id":1,"result":${expected}}`);
  });

  it('withholds a list that is too large to hold', async () => {
    const upstream = fakeUpstream(() => new Response(clean(1), { headers: json }));
    const { call } = harness({ authorize: W, upstream, answerLimit: 20 });
    expect(await (await call('tools/list')).text()).toContain('-32603');
  });

  it('says no caches may share it', async () => {
    const { ask } = list(clean(), {
      headers: { ...json, 'cache-control': 'public, max-age=60', etag: '"x"' },
    });
    const { headers } = await ask();
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.has('etag')).toBe(false);
  });
});

const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}';

describe('an answer that is no list', () => {
  it('passes, also when it is compressed', async () => {
    const text = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';
    const headers = { ...json, 'content-encoding': 'gzip' };
    const upstream = fakeUpstream(() => new Response(gzipSync(text), { headers }));
    const { call } = harness({ authorize: W, upstream });
    const response = await call('tools/call', { name: 'weather' });
    expect(await response.text()).toBe(text);
    expect(response.headers.has('content-encoding')).toBe(false);
  });
});

describe('an answer that a policy has judged', () => {
  it('may be shared by no cache (2026)', async () => {
    const body =
      '{"jsonrpc":"2.0","id":1,"result":{"contents":[], "cacheScope":"public","ttlMs":9}}';
    const upstream = fakeUpstream(() => new Response(body, { headers: json }));
    const { call } = harness({ upstream, authorize: engine(() => true) });
    const version = '2026-07-28';
    const params = {
      uri: 'file:///a',
      _meta: { 'io.modelcontextprotocol/protocolVersion': version },
    };
    const response = await call('resources/read', params, {
      'mcp-protocol-version': version,
      'mcp-method': 'resources/read',
      'mcp-name': 'file:///a',
    });
    expect(await response.text()).toBe(body.replace('public', 'private'));
  });
});

describe('a list in an event stream', () => {
  it.each<[string, string, string]>([
    ['clean', `event: message\ndata: ${clean()}\n\n`, `event: message\ndata: ${FILTERED}\n\n`],
    [
      'F18 after a notification',
      `data: ${NOTE}\n\ndata: ${clean()}\n\n`,
      `data: ${NOTE}\n\ndata: ${FILTERED}\n\n`,
    ],
    [
      'F19 after garbage',
      `data: garbage\n\ndata: ${clean()}\n\n`,
      `data: garbage\n\ndata: ${FILTERED}\n\n`,
    ],
    [
      'F20 split over two data lines',
      `data: {"jsonrpc":"2.0","id":99,\ndata: "result":${TOOLS}}\n\n`,
      `data: {"jsonrpc":"2.0","id":99,\ndata: "result":{"tools":[{"name":"weather"}]}}\n\n`,
    ],
    [
      'F21 two messages in one event',
      `data: ${NOTE}\ndata: ${clean()}\n\n`,
      `data: ${WITHHELD}\n\n`,
    ],
    [
      'F22 garbage and a message in one event',
      `data: garbage\ndata: ${clean()}\n\n`,
      `data: ${WITHHELD}\n\n`,
    ],
    [
      'F23 mixed line ends',
      `data: ${NOTE}\r\n\r\ndata: ${clean()}\n\n`,
      `data: ${NOTE}\n\ndata: ${FILTERED}\n\n`,
    ],
    [
      'F25 a bare CR inside JSON (D29)',
      `data: {"jsonrpc":"2.0","id":99,\r"result":${TOOLS}}\n\n`,
      `data: ${WITHHELD}\n\n`,
    ],
    [
      'F26 only CR (D29)',
      `event: message\rdata: ${clean()}\r\r`,
      `event: message\ndata: ${FILTERED}\n\n`,
    ],
    ['F27 a named event that fails', `event: x\ndata: [${clean()}]\n\n`, `data: ${WITHHELD}\n\n`],
    [
      'F28 fails, then comes a good one',
      `data: [${clean()}]\n\ndata: ${clean()}\n\n`,
      `data: ${WITHHELD}\n\ndata: ${FILTERED}\n\n`,
    ],
    ['no final blank line', `data: ${clean()}`, `data: ${FILTERED}\n\n`],
    [
      'ids, retry and comments stay',
      `: hi\nretry: 10\nid: 7\ndata: ${clean()}\n\n`,
      `: keep-alive\n\nid: 7\nretry: 10\ndata: ${FILTERED}\n\n`,
    ],
    ['byte order mark', `\ufeffdata: ${clean()}\n\n`, `data: ${FILTERED}\n\n`],
    ['data without a space', `data:${clean()}\n\n`, `data: ${FILTERED}\n\n`],
    ['another id', `data: ${clean(7)}\n\n`, `data: ${WITHHELD}\n\n`],
  ])('%s', async (_, body, expected) => {
    const { ask } = list(body, { headers: sse });
    expect(await (await ask()).text()).toBe(expected);
  });

  it.each([1, 2, 3, 7])('gives the same when it arrives %i bytes at a time', async (size) => {
    const bytes = new TextEncoder().encode(
      `: c\r\ndata: ${NOTE}\r\n\r\nevent: message\rdata: ${clean()}\r\r`,
    );
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) controller.close();
        else controller.enqueue(bytes.slice(at, at + size));
        at += size;
      },
    });
    const { ask } = list(body, { headers: sse });
    expect(await (await ask()).text()).toBe(
      `: keep-alive\n\ndata: ${NOTE}\n\nevent: message\ndata: ${FILTERED}\n\n`,
    );
  });

  it('is filtered when it is mislabelled', async () => {
    const { ask } = list(`data: ${clean()}\n\n`, { headers: { 'content-type': 'text/plain' } });
    expect(await (await ask()).text()).toBe(`data: ${FILTERED}\n\n`);
  });

  it('is filtered when it is compressed', async () => {
    const { ask } = list(gzipSync(`data: ${clean()}\n\n`), {
      headers: { ...sse, 'content-encoding': 'gzip' },
    });
    const response = await ask();
    expect(await response.text()).toBe(`data: ${FILTERED}\n\n`);
    expect(response.headers.has('content-encoding')).toBe(false);
  });

  it('breaks off an event that is too large to hold', async () => {
    const upstream = fakeUpstream(() => new Response(`data: ${clean(1)}\n\n`, { headers: sse }));
    const { call } = harness({ authorize: W, upstream, answerLimit: 20 });
    const text = await (await call('tools/list')).text();
    expect(text).toBe(`data: ${WITHHELD.replace('99', '1')}\n\n`);
  });
});

describe('a list on a GET stream', () => {
  const get = (h: ReturnType<typeof harness>) =>
    h.send('', { method: 'GET', headers: { accept: 'text/event-stream' } });

  it('is filtered when it answers a request of the session', async () => {
    const upstream = fakeUpstream((message) =>
      message === undefined
        ? new Response(`id: 1\ndata: ${clean()}\n\n`, { headers: sse })
        : new Response(': nothing yet\n\n', { headers: sse }),
    );
    const h = harness({ authorize: W, upstream });
    await h.send('{"jsonrpc":"2.0","id":99,"method":"tools/list"}');
    expect(await (await get(h)).text()).toBe(`id: 1\ndata: ${FILTERED}\n\n`);
  });

  it('is withheld when nobody asked for it', async () => {
    const h = harness({
      authorize: W,
      upstream: fakeUpstream(() => new Response(`data: ${clean()}\n\n`, { headers: sse })),
    });
    expect(await (await get(h)).text()).toBe(`data: ${WITHHELD}\n\n`);
  });

  it('is withheld when the request has been answered already, by a body that nobody resumes', async () => {
    const upstream = fakeUpstream((message) =>
      message === undefined
        ? new Response(`data: ${clean()}\n\n`, { headers: sse })
        : new Response(clean(), { headers: json }),
    );
    const h = harness({ authorize: W, upstream });
    const answer = await h.send('{"jsonrpc":"2.0","id":99,"method":"tools/list"}');
    expect(await answer.text()).toBe(FILTERED);
    expect(await (await get(h)).text()).toBe(`data: ${WITHHELD}\n\n`);
  });

  it('is withheld when its id was used again for something else', async () => {
    const upstream = fakeUpstream((message) =>
      message === undefined
        ? new Response(`data: ${clean()}\n\n`, { headers: sse })
        : new Response(': nothing yet\n\n', { headers: sse }),
    );
    const h = harness({ authorize: W, upstream });
    await h.send('{"jsonrpc":"2.0","id":99,"method":"tools/list"}');
    await h.send('{"jsonrpc":"2.0","id":99,"method":"ping"}');
    expect(await (await get(h)).text()).toBe(`data: ${WITHHELD}\n\n`);
  });

  it('is withheld when the body is no stream', async () => {
    const h = harness({
      authorize: W,
      upstream: fakeUpstream(() => new Response(clean(), { headers: json })),
    });
    expect(await (await get(h)).text()).not.toContain('admin_tool');
  });

  it('ends when the token that opened it has expired', async () => {
    const now = 1_000_000_000_000;
    let clock = now;
    const upstream = fakeUpstream(() => new Response(new ReadableStream(), { headers: sse }));
    const h = harness({
      upstream,
      now: () => clock,
      streamLeeway: 0,
      authenticate: {
        verify: async () =>
          ({
            issuer: 'i',
            subject: 's',
            claims: {},
            scopes: [],
            actors: [],
            token: '',
            expiresAt: now / 1000 + 0.05,
          }) as never,
        toResponse: () => new Response(null, { status: 401 }),
      },
    });
    const response = await get(h);
    clock = now + 60;
    expect(await response.text()).toBe('');
  });

  describe('and its credential is taken back', () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    /** The stream of a caller whom `refusal` does not let in later on, a minute at a time. */
    async function openStream(refusal: () => number | undefined, method = 'GET') {
      vi.useFakeTimers();
      const cancelled = vi.fn();
      const upstream = fakeUpstream(
        () => new Response(new ReadableStream({ cancel: cancelled }), { headers: sse }),
      );
      const asked = vi.fn();
      const h = harness({
        upstream,
        authenticate: {
          verify: async (request) => {
            asked();
            const status = refusal();
            if (status !== undefined) throw new Error(String(status));
            return authenticate.verify(request);
          },
          toResponse: (error) => {
            const status = Number((error as Error).message);
            if (Number.isNaN(status)) throw error;
            return new Response(null, { status });
          },
        },
      });
      const response = method === 'GET' ? await get(h) : await h.call('tools/call', { name: 'w' });
      let isOpen = true;
      void response.text().then(() => {
        isOpen = false;
      });
      const minutes = async (count: number): Promise<boolean> => {
        await vi.advanceTimersByTimeAsync(count * 60_000);
        return isOpen;
      };
      return { minutes, cancelled, asked };
    }

    it.each(['GET', 'POST'])('the stream of a %s ends within a minute', async (method) => {
      let status: number | undefined;
      const { minutes, cancelled } = await openStream(() => status, method);
      expect(await minutes(10)).toBe(true);
      status = 401;
      expect(await minutes(1)).toBe(false);
      expect(cancelled).toHaveBeenCalledOnce();
    });

    it('a provider in trouble ends nothing', async () => {
      let status: number | undefined;
      const { minutes } = await openStream(() => status);
      status = 503;
      expect(await minutes(10)).toBe(true);
      status = 403;
      expect(await minutes(1)).toBe(false);
    });

    it('an authenticator that fails at its own answer ends the stream', async () => {
      let status: number | undefined;
      const { minutes } = await openStream(() => status);
      status = Number.NaN;
      expect(await minutes(1)).toBe(false);
    });

    it('a stream that was long in opening ends at once', async () => {
      vi.useFakeTimers();
      let answer = (_: Response): void => undefined;
      const upstream = fakeUpstream(
        () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      );
      let isGood = true;
      const h = harness({
        upstream,
        authenticate: {
          ...authenticate,
          verify: async (request) => {
            if (!isGood) throw new Error('revoked');
            return authenticate.verify(request);
          },
        },
      });
      const opening = get(h);
      await vi.advanceTimersByTimeAsync(3_600_000);
      isGood = false;
      answer(new Response(new ReadableStream(), { headers: sse }));
      const text = (await opening).text();
      await vi.advanceTimersByTimeAsync(1);
      expect(await text).toBe('');
    });

    it('nobody is asked about a stream that has ended', async () => {
      let status: number | undefined;
      const { minutes, asked } = await openStream(() => status);
      status = 401;
      await minutes(1);
      const before = asked.mock.calls.length;
      await minutes(10);
      expect(asked).toHaveBeenCalledTimes(before);
    });
  });
});
