import { describe, expect, it } from 'vitest';
import {
  allEvents,
  BOTH,
  beginSession,
  contextOf,
  deed,
  eventsOf,
  journalOf,
  jsonOf,
  message,
  modern,
  notification,
  startRig,
  until,
} from './stdio-harness.ts';

describe('progress', () => {
  it('goes to the request that asked, under the token that it gave', async () => {
    const { upstream } = startRig();
    const tokens = ['1', '"1"', '9007199254740993', '""', '0', '"a\\u0062"'];
    await Promise.all(
      tokens.map(async (token, index) => {
        const args = { steps: 3, ms: 5 + index, mark: token };
        const call = deed('progress', args, { id: '1', token });
        const events = await allEvents(await upstream.handle(call, contextOf({ accept: BOTH })));
        expect(events).toHaveLength(4);
        for (const event of events.slice(0, 3)) {
          expect(event).toContain(`"progressToken":${token},`);
          expect(JSON.parse(event).params.message).toBe(token);
        }
        expect(JSON.parse(events[3] ?? '')).toEqual({
          jsonrpc: '2.0',
          id: 1,
          result: { mark: token },
        });
      }),
    );
  });

  it('is left out of a JSON answer, and where no token was given', async () => {
    const { upstream } = startRig();
    const withToken = deed('progress', { steps: 2, ms: 1 }, { token: '5' });
    expect((await jsonOf(await upstream.handle(withToken, contextOf()))).id).toBe(1);
    const without = deed('progress', { steps: 2, ms: 1 });
    expect((await jsonOf(await upstream.handle(without, contextOf({ accept: BOTH })))).id).toBe(1);
  });

  it('answers JSON where nothing came before the response, although SSE was accepted', async () => {
    const { upstream } = startRig();
    const call = deed('echo', {}, { token: '5' });
    const response = await upstream.handle(call, contextOf({ accept: BOTH }));
    expect((await jsonOf(response)).id).toBe(1);
  });

  it('extends the time of a request, but not for ever', async () => {
    const { upstream, events } = startRig([], { requestTimeout: 600, maxRequestTimeout: 1800 });
    await upstream.ready(AbortSignal.timeout(5000));
    const lasting = deed('progress', { steps: 6, ms: 150, mark: 'x' }, { token: '1' });
    const endless = deed('progress', { steps: 60, ms: 150 }, { token: '1' });
    const [a, b] = await Promise.all([
      upstream.handle(lasting, contextOf()),
      upstream.handle(endless, contextOf()),
    ]);
    expect((await jsonOf(a)).result.mark).toBe('x');
    expect(b.status).toBe(504);
    expect(events.filter(({ type }) => type === 'request-timed-out')).toHaveLength(1);
  });

  it('with a token that nobody gave is dropped', async () => {
    const { upstream, events } = startRig();
    const sessionId = await beginSession(upstream);
    const lines = [
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}',
    ];
    const call = deed('emit', { lines }, { token: '1' });
    const response = await upstream.handle(call, contextOf({ sessionId, accept: BOTH }));
    expect((await jsonOf(response)).result).toEqual({});
    expect(events).toContainEqual({
      type: 'message-dropped',
      method: 'notifications/progress',
      reason: 'no-receiver',
    });
  });
});

describe('timeout', () => {
  it('is told to the client and to the process, and a late answer is nobody’s', async () => {
    const { upstream, events } = startRig([], { requestTimeout: 500 });
    const call = deed('delay', { ms: 800, mark: 'late' }, { id: '"slow"' });
    const response = await upstream.handle(call, contextOf());
    expect(response.status).toBe(504);
    expect(await jsonOf(response)).toMatchObject({
      id: 'slow',
      error: { code: -32000, message: 'Request timed out' },
    });
    const last = (await journalOf(upstream)).at(-1);
    expect(last?.method).toBe('notifications/cancelled');
    await until(() => events.some(({ type }) => type === 'reply-unmatched'));
  });

  it('stands in the stream when the answer had become one', async () => {
    const { upstream } = startRig([], { requestTimeout: 200 });
    const lines = [
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"$ID","progress":1}}',
    ];
    const call = deed('emit', { lines, silent: true }, { token: '7' });
    const events = await allEvents(await upstream.handle(call, contextOf({ accept: BOTH })));
    expect(events).toHaveLength(2);
    expect(JSON.parse(events[1] ?? '')).toMatchObject({ id: 1, error: { code: -32000 } });
  });

  it('keeps a silent stream open with comments until then', async () => {
    const { upstream } = startRig([], { requestTimeout: 400, keepAlive: 50 });
    await upstream.ready(AbortSignal.timeout(5000));
    const response = await upstream.handle(deed('hang'), contextOf({ accept: BOTH }));
    const text = await response.text();
    expect(text.match(/: keep-alive\n\n/g)?.length).toBeGreaterThan(3);
    expect(text).toContain('Request timed out');
  });
});

describe('cancellation', () => {
  it.each([['7'], ['"a"'], ['9007199254740993']])(
    'of id %s reaches the process mapped',
    async (id) => {
      const { upstream } = startRig();
      const sessionId = await beginSession(upstream);
      const context = contextOf({ sessionId });
      const call = upstream.handle(deed('hang', {}, { id }), context);
      await until(async () => (await journalOf(upstream)).length > 2);
      const cancel = notification(
        'notifications/cancelled',
        `{"requestId":${id},"reason":"enough"}`,
      );
      expect((await upstream.handle(cancel, context)).status).toBe(202);
      expect((await jsonOf(await call)).error.message).toBe('Request cancelled');
      const last = (await journalOf(upstream)).at(-1);
      expect(last?.method).toBe('notifications/cancelled');
      expect(last?.params).toEqual({
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        reason: 'enough',
      });
    },
  );

  it('never reaches a request of somebody else', async () => {
    const { upstream } = startRig();
    const ada = await beginSession(upstream, { subject: 'ada' });
    const eve = await beginSession(upstream, { subject: 'eve' });
    const call = upstream.handle(
      deed('delay', { ms: 150, mark: 'safe' }, { id: '7' }),
      contextOf({ subject: 'ada', sessionId: ada }),
    );
    const cancel = notification('notifications/cancelled', '{"requestId":7}');
    for (const context of [
      contextOf({ subject: 'eve', sessionId: eve }),
      contextOf({ subject: 'eve' }),
      contextOf({ subject: 'ada' }),
    ]) {
      expect((await upstream.handle(cancel, context)).status).toBe(202);
    }
    expect((await jsonOf(await call)).result.mark).toBe('safe');
    const methods = (await journalOf(upstream)).map(({ method }) => method);
    expect(methods).not.toContain('notifications/cancelled');
  });

  it('is what a lost client means in the 2026 era', async () => {
    const { upstream } = startRig();
    const client = new AbortController();
    const call = modern('tools/call', { name: 'hang', arguments: {} });
    const response = upstream.handle(call, contextOf({ signal: client.signal }));
    await until(async () => (await journalOf(upstream)).length > 2);
    client.abort();
    expect((await response).status).toBe(499);
    expect((await journalOf(upstream)).at(-1)?.method).toBe('notifications/cancelled');
  });

  it('is what a closed stream means in the 2026 era', async () => {
    const { upstream } = startRig(['--modern']);
    const call = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const response = await upstream.handle(call, contextOf({ accept: BOTH }));
    await response.body?.cancel();
    expect((await journalOf(upstream)).at(-1)?.method).toBe('notifications/cancelled');
  });

  it('is not what a lost client means in the 2025 era', async () => {
    const { upstream, events } = startRig();
    const client = new AbortController();
    const call = deed('delay', { ms: 150, mark: 'done' });
    const response = upstream.handle(call, contextOf({ signal: client.signal }));
    await until(async () => (await journalOf(upstream)).length > 2);
    client.abort();
    expect((await response).status).toBe(499);
    const next = deed('delay', { ms: 200, mark: 'next' });
    expect((await jsonOf(await upstream.handle(next, contextOf()))).result.mark).toBe('next');
    expect(events.filter(({ type }) => type === 'reply-unmatched')).toEqual([]);
    const methods = (await journalOf(upstream)).map(({ method }) => method);
    expect(methods).not.toContain('notifications/cancelled');
  });
});

describe('the stream of a session', () => {
  it('needs a session and a client that takes events', async () => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    expect((await upstream.stream(contextOf({ accept: BOTH }))).status).toBe(400);
    expect((await upstream.stream(contextOf({ accept: BOTH, sessionId: 'x' }))).status).toBe(404);
    expect((await upstream.stream(contextOf({ sessionId }))).status).toBe(406);
  });

  it('hears of changed lists, and the newest stream gets the messages', async () => {
    const { upstream } = startRig();
    const ada = contextOf({ sessionId: await beginSession(upstream), accept: BOTH });
    const eve = contextOf({
      subject: 'eve',
      sessionId: await beginSession(upstream, { subject: 'eve' }),
      accept: BOTH,
    });
    const old = await upstream.stream(ada);
    const streams = [eventsOf(await upstream.stream(ada)), eventsOf(await upstream.stream(eve))];
    const changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
    await upstream.handle(deed('emit', { lines: [changed] }), contextOf());
    for (const stream of streams) expect((await stream.next()).value).toBe(changed);
    expect(await allEvents(old)).toEqual([]);
  });

  it('ends with the request that opened it', async () => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    const client = new AbortController();
    const stream = await upstream.stream(
      contextOf({ sessionId, accept: BOTH, signal: client.signal }),
    );
    client.abort();
    expect(await allEvents(stream)).toEqual([]);
  });

  it('is closed when its client does not read, and holds little until then', async () => {
    const { upstream, events } = startRig([], { maxStreamBytes: 10_000 });
    const sessionId = await beginSession(upstream);
    const stream = await upstream.stream(contextOf({ sessionId, accept: BOTH }));
    const line = JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/tools/list_changed',
      params: { _meta: { pad: 'x'.repeat(1000) } },
    });
    const lines = Array.from({ length: 100 }, () => line);
    await upstream.handle(deed('emit', { lines }), contextOf());
    await until(() => events.some(({ type }) => type === 'stream-overflow'));
    const received = await allEvents(stream);
    expect(received.length).toBeGreaterThan(5);
    expect(received.length).toBeLessThan(15);
  });
});

describe('a request whose client reads too slowly', () => {
  it('fails visibly instead of losing its answer', async () => {
    const { upstream, events } = startRig([], { maxStreamBytes: 10_000 });
    const call = deed('flood', { count: 200, pad: 'x'.repeat(1000) }, { id: '"f"', token: '1' });
    const response = await upstream.handle(call, contextOf({ accept: BOTH }));
    await until(() => events.some(({ type }) => type === 'stream-overflow'));
    const received = await allEvents(response);
    expect(received.length).toBeLessThan(15);
    expect(JSON.parse(received.at(-1) ?? '')).toEqual({
      jsonrpc: '2.0',
      id: 'f',
      error: { code: -32000, message: 'Client reads too slowly' },
    });
  });

  it('gets its answer when that alone is large', async () => {
    const { upstream } = startRig([], { maxStreamBytes: 1000 });
    const answer = await jsonOf(
      await upstream.handle(deed('long', { bytes: 500_000 }), contextOf()),
    );
    expect(answer.result.text).toHaveLength(500_000);
  });
});

describe('requests of a shared process', () => {
  it.each(['sampling/createMessage', 'elicitation/create', 'roots/list'])(
    '%s is refused: nobody knows whom it is for',
    async (method) => {
      const { upstream } = startRig();
      const sessionId = await beginSession(upstream);
      const context = contextOf({ sessionId, accept: BOTH });
      await upstream.stream(context);
      const { result } = await jsonOf(await upstream.handle(deed('ask', { method }), context));
      expect(result.answer).toMatchObject({ id: 'ask-1', error: { code: -32601 } });
    },
  );

  it('ping is answered by the bridge, under the very id', async () => {
    const { upstream } = startRig();
    const call = deed('ask', { method: 'ping', id: 42 });
    const { result } = await jsonOf(await upstream.handle(call, contextOf()));
    expect(result.answer).toEqual({ jsonrpc: '2.0', id: 42, result: {} });
  });
});

describe('requests that are not answered', () => {
  it('are bounded by what they hold in memory, which is little once their clients have gone', async () => {
    const { upstream } = startRig([], { maxQueuedBytes: 100_000, requestTimeout: 60_000 });
    await upstream.ready(AbortSignal.timeout(5000));
    const leaving = new AbortController();
    const hang = (pad: string) =>
      upstream.handle(deed('hang', { pad }), contextOf({ signal: leaving.signal }));
    const isBusy = async () => {
      const { status } = await upstream.handle(deed('echo'), contextOf());
      return status === 503;
    };
    const sent: Promise<Response>[] = [];
    while (sent.length < 5) {
      // Each has been read before the next, so that none waits to be sent.
      await until(async () => (await journalOf(upstream)).length >= sent.length + 2);
      sent.push(hang('x'.repeat(90_000)));
    }
    await until(isBusy);
    leaving.abort();
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(5).fill(499));
    await until(async () => !(await isBusy()));
  });

  it('are bounded in number as well, also when their clients have gone', async () => {
    const { upstream } = startRig([], { maxQueuedBytes: 100_000, requestTimeout: 60_000 });
    await upstream.ready(AbortSignal.timeout(5000));
    const leave = async () => {
      const leaving = new AbortController();
      const response = upstream.handle(deed('hang'), contextOf({ signal: leaving.signal }));
      leaving.abort();
      return (await response).status;
    };
    const all = await Promise.all(Array.from({ length: 500 }, leave));
    expect(all.filter((status) => status === 499).length).toBeGreaterThan(300);
    expect(all.filter((status) => status === 503).length).toBeGreaterThan(50);
    const refused = await upstream.handle(deed('echo'), contextOf());
    expect((await jsonOf(refused)).error.message).toBe('Upstream busy');
  });
});

describe('lines that are not messages', () => {
  it('are skipped and logged by reason and length only', async () => {
    const { upstream, events } = startRig();
    const lines = [
      'Server listening!',
      '{"jsonrpc":"1.0"}',
      '[]',
      '',
      '{"secret":',
      '\u001b[32mok',
    ];
    const response = await upstream.handle(deed('emit', { lines }), contextOf());
    expect((await jsonOf(response)).result).toEqual({});
    expect(events.filter(({ type }) => type === 'line-skipped')).toEqual([
      { type: 'line-skipped', reason: 'syntax', length: 17 },
      { type: 'line-skipped', reason: 'jsonrpc-version', length: 17 },
      { type: 'line-skipped', reason: 'batch', length: 2 },
      { type: 'line-skipped', reason: 'syntax', length: 10 },
      { type: 'line-skipped', reason: 'syntax', length: 7 },
    ]);
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  it.each([
    ['duplicate keys', '{"jsonrpc":"2.0","id":"$ID","result":{"a":1,"a":2}}'],
    ['an unpaired surrogate', '{"jsonrpc":"2.0","id":"$ID","result":{"a":"\\ud800"}}'],
    ['no JSON at all', '{"jsonrpc":"2.0","id":"$ID","result":'],
    ['result and error', '{"result":1,"error":{},"jsonrpc":"2.0","id":"$ID"}'],
  ])('but an answer with %s fails its request at once', async (_, line) => {
    const { upstream, events } = startRig();
    const call = deed('emit', { lines: [line], silent: true }, { id: '"x"' });
    const response = await upstream.handle(call, contextOf());
    expect(response.status).toBe(502);
    expect(await jsonOf(response)).toMatchObject({ id: 'x', error: { code: -32603 } });
    expect(events.some(({ type }) => type === 'reply-withheld')).toBe(true);
  });

  it('an answer beyond the longest line fails its request, and the next one is served', async () => {
    const { upstream, events } = startRig([], { maxLineBytes: 100_000 });
    const response = await upstream.handle(deed('long', { bytes: 500_000 }), contextOf());
    expect(response.status).toBe(502);
    expect(events.find(({ type }) => type === 'line-skipped')).toMatchObject({
      reason: 'too-long',
    });
    expect((await upstream.handle(deed('echo'), contextOf())).status).toBe(200);
  });

  it('bytes that are not UTF-8 are skipped as a line', async () => {
    const { upstream, events } = startRig();
    const base64 = Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]).toString('base64');
    expect((await upstream.handle(deed('raw', { base64 }), contextOf())).status).toBe(200);
    expect(events).toContainEqual({ type: 'line-skipped', reason: 'encoding', length: 4 });
  });

  it('characters that a terminal would not print stay in tool output', async () => {
    const { upstream } = startRig();
    const text = 'zero\u200dwidth no\u00a0break \ufffd \u2028 \u0007';
    const line = JSON.stringify({ jsonrpc: '2.0', id: '$ID', result: { text } });
    const call = deed('emit', { lines: [line], silent: true });
    expect((await jsonOf(await upstream.handle(call, contextOf()))).result.text).toBe(text);
  });
});

describe('2026-era requests over a 2025 process', () => {
  it('have no session, whatever header they send', async () => {
    const { upstream } = startRig();
    const call = modern('tools/call', { name: 'echo', arguments: {} }, '"m"');
    const response = await upstream.handle(call, contextOf({ sessionId: 'made-up' }));
    expect((await jsonOf(response)).id).toBe('m');
    expect(response.headers.has('mcp-session-id')).toBe(false);
  });

  it('an unknown method of the 2025 era stays a JSON-RPC error with 200', async () => {
    const { upstream } = startRig();
    const call = message('{"jsonrpc":"2.0","id":1,"method":"x/y"}');
    const response = await upstream.handle(call, contextOf());
    expect(response.status).toBe(200);
    expect((await jsonOf(response)).error.code).toBe(-32601);
  });
});

describe('a process of the 2026 revision only', () => {
  it('keeps subscriptions apart and gives them their clients’ ids', async () => {
    const { upstream } = startRig(['--modern']);
    await upstream.ready(AbortSignal.timeout(5000));
    const key = 'io.modelcontextprotocol/subscriptionId';
    const ids = ['1', '"1"', '"other"'];
    const listens = await Promise.all(
      ids.map((id) => {
        const call = modern(
          'subscriptions/listen',
          { notifications: { toolsListChanged: true } },
          id,
        );
        return upstream.handle(call, contextOf({ accept: BOTH }));
      }),
    );
    for (const [index, response] of listens.entries()) {
      const events = (await allEvents(response)).map((event) => JSON.parse(event));
      const id = JSON.parse(ids[index] ?? '');
      expect(events.map(({ method }) => method)).toEqual([
        'notifications/subscriptions/acknowledged',
        'notifications/tools/list_changed',
        undefined,
      ]);
      expect(events.map(({ params, result }) => (params ?? result)._meta[key])).toEqual([
        id,
        id,
        id,
      ]);
      expect(events[2].id).toBe(id);
    }
  });

  it('lets an acknowledged subscription last longer than a request may', async () => {
    const { upstream } = startRig(['--modern'], { requestTimeout: 800, maxRequestTimeout: 800 });
    const call = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const events = await allEvents(await upstream.handle(call, contextOf({ accept: BOTH })));
    expect(JSON.parse(events[2] ?? '').result.resultType).toBe('complete');
  });

  it('refuses initialize with the process’s own answer', async () => {
    const { upstream } = startRig(['--modern']);
    const call = message(
      '{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25"}}',
    );
    const response = await upstream.handle(call, contextOf());
    expect(response.headers.has('mcp-session-id')).toBe(false);
    expect(await jsonOf(response)).toMatchObject({ id: 'i', error: { code: -32022 } });
  });
});
