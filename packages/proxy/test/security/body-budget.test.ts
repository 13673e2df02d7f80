/** Attack: many large requests at once, to fill the memory while the server behind takes its time. */

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeUpstream, harness, jsonResult } from '../support/fakes.ts';
import { serveFront } from '../support/front.ts';

const MIB = 1024 * 1024;

/** A proxy with room for four bodies of one MiB, before a server that answers when it is told. */
function start() {
  const waiting: (() => void)[] = [];
  const upstream = fakeUpstream(async (message) => {
    if (message?.method !== 'ping') await new Promise<void>((resolve) => waiting.push(resolve));
    return jsonResult(message!.id!.text, {});
  });
  const { send, reports } = harness({ upstream, bodyLimit: MIB, bodyBudget: 4 * MIB });
  const bodyOf = (method: string, size: number) => {
    const start = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{"p":"`;
    return `${start}${'x'.repeat(size - start.length - 3)}"}}`;
  };
  const ask = (
    user: string,
    { size = MIB, isChunked = false, signal = null as AbortSignal | null } = {},
  ) => {
    const body = bodyOf('tools/list', size);
    const headers = {
      authorization: `Bearer ${user}`,
      ...(!isChunked && { 'content-length': String(body.length) }),
    };
    const sent = isChunked ? new Blob([body]).stream() : body;
    return send(sent, { headers, signal, duplex: 'half' } as RequestInit);
  };
  const answerAll = (): void => {
    for (const answer of waiting.splice(0)) answer();
  };
  return { ask, answerAll, waiting, reports, send, bodyOf };
}

describe('bodies of many small members', () => {
  const heavy = (members: number): string =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"p":[${Array(members).fill('{}')}]}}`;

  it('take the room that is needed for what is read of them, however small they are', async () => {
    const { send, answerAll, waiting, reports } = start();
    const ask = (user: string) =>
      send(heavy(20_000), {
        headers: { authorization: `Bearer ${user}`, 'content-length': '60071' },
      });
    const first = ask('u');
    await expect.poll(() => waiting.length).toBe(1);
    const refused = await ask('u');
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ id: 1, error: { message: 'Busy' } });
    expect(reports.at(-1)).toMatchObject({ reason: 'no-room' });
    const other = ask('v');
    await expect.poll(() => waiting.length).toBe(2);
    answerAll();
    for (const response of await Promise.all([first, other])) expect(response.status).toBe(200);
    const next = ask('u');
    await expect.poll(() => waiting.length).toBe(1);
    answerAll();
    expect((await next).status).toBe(200);
  });

  it('are served one at a time where they need more than a caller may take', async () => {
    const { send, answerAll, waiting } = start();
    const sent = send(heavy(90_000));
    await expect.poll(() => waiting.length).toBe(1);
    expect((await send(heavy(90_000))).status).toBe(503);
    answerAll();
    expect((await sent).status).toBe(200);
  });
});

describe.each([false, true])('large bodies (without a length: %s)', (isChunked) => {
  it('of one caller take half of the room, and give it back', async () => {
    const { ask, answerAll, waiting, reports } = start();
    const first = [ask('u', { isChunked }), ask('u', { isChunked })];
    await expect.poll(() => waiting.length).toBe(2);
    const refused = await ask('u', { isChunked });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toEqual({
      jsonrpc: '2.0',
      error: { code: -32603, message: 'Busy' },
    });
    expect(reports.at(-1)).toMatchObject({ reason: 'no-room' });
    answerAll();
    for (const response of await Promise.all(first)) expect(response.status).toBe(200);
    const next = ask('u', { isChunked });
    await expect.poll(() => waiting.length).toBe(1);
    answerAll();
    expect((await next).status).toBe(200);
  });

  it('of all callers take no more than all of it', async () => {
    const { ask, answerAll, waiting } = start();
    const first = ['u', 'u', 'v', 'v'].map((user) => ask(user, { isChunked }));
    await expect.poll(() => waiting.length).toBe(4);
    expect((await ask('w', { isChunked })).status).toBe(503);
    const small = ask('w', { size: 60_000, isChunked });
    await expect.poll(() => waiting.length).toBe(5);
    answerAll();
    for (const response of await Promise.all([...first, small])) expect(response.status).toBe(200);
  });

  it('of callers that went away take none', async () => {
    const { ask, answerAll, waiting } = start();
    const leaving = new AbortController();
    const gone = [0, 1].map(() =>
      ask('u', { isChunked, signal: leaving.signal }).catch(() => 'gone'),
    );
    await expect.poll(() => waiting.length).toBe(2);
    leaving.abort();
    answerAll();
    await Promise.all(gone);
    const next = ask('u', { isChunked });
    await expect.poll(() => waiting.length).toBe(1);
    answerAll();
    expect((await next).status).toBe(200);
  });
});

it.each([true, false])(
  'the rest of a body that has no room is not waited for (straight: %s)',
  async (isDirect) => {
    const upstream = fakeUpstream(() => new Promise<Response>(() => undefined));
    const front = await serveFront(upstream, { bodyLimit: MIB, bodyBudget: 2 * MIB }, isDirect);
    const headers = { authorization: 'Bearer u', 'content-type': 'application/json' };
    const text = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"p":"${'x'.repeat(MIB - 100)}`;
    const send = (ending: string) => {
      const sent = request(front.mcp, { method: 'POST', headers });
      sent.on('error', () => undefined);
      onTestFinished(() => void sent.destroy());
      sent.write(text + ending);
      return sent;
    };
    send('"}}').end();
    await expect.poll(() => upstream.forwarded.length).toBe(1);
    const [answer] = (await once(send(''), 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(503);
  },
);

it('what is refused for another reason gives its room back', async () => {
  const { send, ask, answerAll, waiting } = start();
  for (let times = 0; times < 6; times += 1) {
    const body = `{"x":"${'y'.repeat(MIB - 10)}"}`;
    const headers = { 'content-length': String(body.length) };
    expect((await send(body, { headers })).status).toBe(400);
  }
  const next = ask('u');
  await expect.poll(() => waiting.length).toBe(1);
  answerAll();
  expect((await next).status).toBe(200);
});

it.each([1, MIB - 1, 1.5 * MIB])('a budget of %d cannot hold two bodies', (bodyBudget) => {
  expect(() => harness({ bodyLimit: MIB, bodyBudget })).toThrow(/bodyBudget/);
});
