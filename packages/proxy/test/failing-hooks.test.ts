/** The operator's own functions fail: the process goes on, and so do the callers. */

import { expect, it, onTestFinished } from 'vitest';
import { createRecoveringUpstream, ProxyError } from '../src/index.ts';
import { createStdioUpstream, createUndiciSseUpstream } from '../src/node/index.ts';
import { contextOf, deed, LINE_SERVER } from './node/stdio-harness.ts';
import { fakeUpstream, harness, jsonResult } from './support/fakes.ts';
import { serveFront } from './support/front.ts';
import { answer, event, startScriptedServer } from './support/sse-servers.ts';

const BROKEN = [
  ['throws', (): void => throwNow()],
  ['rejects', async (): Promise<void> => throwNow()],
] as const;

function throwNow(): never {
  throw new Error('the log is full');
}

/** Rejections that nobody handles, which end a process. */
function watchUnhandled(): unknown[] {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  return unhandled;
}

it.each(BROKEN)('an onError that %s while the upstream is out of reach', async (_how, onError) => {
  const unhandled = watchUnhandled();
  const upstream = fakeUpstream(() => {
    throw new ProxyError('ERR_PROXY_UPSTREAM_UNREACHABLE', 'nobody listens');
  });
  const { call } = harness({ upstream, onError });
  const response = await call('ping');
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ id: 1, error: { code: -32603 } });
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});

it.each(BROKEN)('an onError that %s while the store cannot forget', async (_how, onError) => {
  const unhandled = watchUnhandled();
  let now = Date.now();
  const { send } = harness({
    onError,
    now: () => now,
    upstream: fakeUpstream((message, { onSessionLost }) => {
      onSessionLost?.();
      return jsonResult(message!.id!.text, {});
    }),
    sessions: {
      isOfOneProcess: true,
      ownerOf: async () => ({ issuer: 'https://idp.test', subject: 'u' }),
      remember: async () => undefined,
      forget: async () => throwNow(),
    },
  });
  for (const session of ['S1', 'S2']) {
    const headers = { 'mcp-session-id': session };
    const response = await send('{"jsonrpc":"2.0","id":1,"method":"ping"}', { headers });
    expect(response.status).toBe(200);
    now += 61_000;
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});

it('an onExchange that throws, or that rejects when the answer is on its way', async () => {
  const unhandled = watchUnhandled();
  const statuses = BROKEN.map(async ([, onExchange]) => {
    const { call, errors } = harness({ onExchange });
    const { status } = await call('ping');
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([expect.objectContaining({ message: 'the log is full' })]);
    return status;
  });
  expect(await Promise.all(statuses)).toEqual([500, 200]);
  expect(unhandled).toEqual([]);
});

it.each(BROKEN)('a log of a process that %s for every line and event', async (_how, tell) => {
  const unhandled = watchUnhandled();
  const upstream = createStdioUpstream({
    ...{ command: process.execPath, args: [LINE_SERVER], env: {}, log: tell, stderr: tell },
    restart: { initialDelay: 1 },
  });
  onTestFinished(() => upstream.close());
  await upstream.ready(AbortSignal.timeout(5000));
  const emitted = await upstream.handle(deed('emit', { lines: ['no message'] }), contextOf());
  expect(emitted.status).toBe(200);
  expect((await upstream.handle(deed('crash'), contextOf())).status).toBe(502);
  await expect
    .poll(async () => (await upstream.handle(deed('echo'), contextOf())).status)
    .toBe(200);
  expect(unhandled).toEqual([]);
});

it.each(BROKEN)('an onNotice that %s ends no connection', async (_how, onNotice) => {
  const unhandled = watchUnhandled();
  const server = await startScriptedServer({
    onPost(body, stream) {
      stream?.write(event('{}', 'unknown'));
      return answer(body, stream);
    },
  });
  onTestFinished(server.close);
  const front = await serveFront(createUndiciSseUpstream({ url: server.url, onNotice }));
  const stream = await front.fetch('/sse', { headers: { accept: 'text/event-stream' } });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  const endpoint = /data: (.+)/.exec((await reader.read()).value ?? '')?.[1] ?? '';
  let heard = '';
  for (const id of [1, 2]) {
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' });
    const headers = { 'content-type': 'application/json' };
    const posted = await front.fetch(endpoint, { method: 'POST', headers, body });
    expect(posted.status).toBe(202);
    while (!heard.includes(`"id":${id}`)) {
      const { done, value } = await reader.read();
      expect(done).toBe(false);
      heard += value;
    }
  }
  expect(unhandled).toEqual([]);
});

it.each(BROKEN)('an onRenewed that %s loses no session', async (_how, onRenewed) => {
  const unhandled = watchUnhandled();
  let begun = 0;
  const fake = fakeUpstream((message, { sessionId }) => {
    if (message?.method === 'initialize') {
      begun += 1;
      return jsonResult('1', {}, { headers: { 'mcp-session-id': `S${begun}` } });
    }
    if (message?.id === undefined) return new Response(null, { status: 202 });
    return sessionId === 'S2' ? jsonResult('1', {}) : new Response(null, { status: 404 });
  });
  const upstream = { ...createRecoveringUpstream(fake, { onRenewed }), forwarded: fake.forwarded };
  const { call } = harness({ upstream });
  await call('initialize', {});
  expect((await call('ping', {}, { 'mcp-session-id': 'S1' })).status).toBe(200);
  expect(unhandled).toEqual([]);
});
