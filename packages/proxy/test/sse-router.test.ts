/** Where each message of a 2024-transport server goes. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutbox, type Outbox } from '../src/stream/outbox.ts';
import type { Exchange } from '../src/upstream/pending-answer.ts';
import { resolveSseOptions, type SseNotice } from '../src/upstream/sse-options.ts';
import { createSseRouter, type SseRouter, type Waiter } from '../src/upstream/sse-router.ts';

let notices: SseNotice[];

beforeEach(() => {
  notices = [];
});
afterEach(() => void vi.useRealTimers());

function router(keepsAnswers = false): SseRouter {
  const onNotice = (notice: SseNotice): void => void notices.push(notice);
  return createSseRouter(resolveSseOptions({ url: 'http://x/sse', onNotice }), keepsAnswers);
}

interface FakeWaiter extends Waiter {
  readonly got: string[];
}

function waiter(progress?: string, canStream = true): FakeWaiter {
  const got: string[] = [];
  const exchange: Exchange = {
    response: new Promise(() => undefined),
    canStream,
    deliver: (text) => {
      got.push(text);
      return 'delivered';
    },
    finish: (text) => void got.push(`end ${text}`),
    fail: () => void got.push('failed'),
  };
  return { exchange, progress, onLost: () => void got.push('lost'), got };
}

function outbox(): { readonly box: Outbox; readonly read: () => Promise<string> } {
  const box = createOutbox({ room: 1000, keepAlive: 60_000, onEnd: () => undefined });
  const reader = box.body.getReader();
  const read = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
  return { box, read };
}

const notice = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
const question = '{"jsonrpc":"2.0","id":"q","method":"roots/list"}';
const progress = (token: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token}}}`;

describe('a message of the server', () => {
  it('is nobody’s when it answers a client that has left, whose id stays taken for a while', () => {
    vi.useFakeTimers();
    const r = router();
    const [left, next] = [waiter(), waiter()];
    r.expect('1', left);
    r.disown('1', next.exchange);
    expect(r.take('1')).toBe(left);
    r.expect('1', left);
    r.disown('1', left.exchange);
    expect(r.expect('1', next)).toBe(false);
    void r.route('{"jsonrpc":"2.0","id":1,"result":{}}');
    expect([left.got, notices]).toEqual([[], []]);
    expect(r.expect('1', next)).toBe(true);
    r.disown('1', next.exchange);
    vi.advanceTimersByTime(60_000);
    expect(r.waiting).toBe(0);
  });

  it('is the answer to whoever waits for it, by the id as it is written', () => {
    const r = router();
    const [number, text] = [waiter(), waiter()];
    expect([r.expect('1', number), r.expect('"1"', text), r.expect('1', waiter())]).toEqual([
      true,
      true,
      false,
    ]);
    const big = '{"jsonrpc":"2.0","id":"\\u0031","result":{}}';
    void r.route(big);
    expect(text.got).toEqual([`end ${big}`]);
    expect(number.got).toEqual([]);
  });

  it('is the answer even when it has several readings; others judge it', () => {
    const r = router();
    const one = waiter();
    r.expect('1', one);
    const twice = '{"jsonrpc":"2.0","id":1,"result":{},"Result":{}}';
    void r.route(twice);
    expect(one.got.length + r.waiting).toBe(1);
  });

  it('is dropped when it answers nothing', () => {
    const r = router();
    void r.route('{"jsonrpc":"2.0","id":9,"result":{"tools":[]}}');
    expect(notices).toEqual([{ type: 'message-dropped' }]);
  });

  it('is progress of the request with its token, whatever else is under way', () => {
    const r = router();
    const [a, b] = [waiter('"a"'), waiter('2')];
    r.expect('1', a);
    r.expect('2', b);
    void r.route(progress('"a"'));
    void r.route(progress('2'));
    expect([a.got, b.got]).toEqual([[progress('"a"')], [progress('2')]]);
  });

  it('goes to the stream when there is one, and else to the newest request that can take it', async () => {
    const r = router();
    const [old, young, deaf] = [waiter(), waiter(), waiter(undefined, false)];
    r.expect('1', old);
    r.expect('2', young);
    r.expect('3', deaf);
    void r.route(question);
    expect([old.got, young.got, deaf.got]).toEqual([[], [question], []]);
    const { box, read } = outbox();
    r.attach(box);
    void r.route(notice);
    expect(await read()).toContain('list_changed');
    expect(young.got).toHaveLength(1);
  });

  it('is kept for a stream that opens later, up to a limit', async () => {
    const r = router();
    for (let n = 0; n < 300; n += 1) void r.route(notice);
    expect(notices).toHaveLength(300 - 256);
    void r.route('x'.repeat(10)); // No message, and nobody's: not kept.
    const { box, read } = outbox();
    r.attach(box);
    expect((await read()).match(/list_changed/g)).toHaveLength(256);
  });
});

describe('a stream that is not read', () => {
  it('makes the server wait, for as long as nobody else is kept waiting', async () => {
    vi.useFakeTimers();
    const r = router(true);
    const { box, read } = outbox();
    r.attach(box);
    let room = r.route(notice);
    while (room === undefined) room = r.route(notice);
    const passed = vi.fn();
    void room.then(passed);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(passed).not.toHaveBeenCalled();
    await read();
    await vi.advanceTimersByTimeAsync(0);
    expect(passed).toHaveBeenCalled();
    expect(notices).toEqual([]);
  });

  it('is ended when an answer waits behind it', async () => {
    vi.useFakeTimers();
    const r = router(true);
    const { box } = outbox();
    r.attach(box);
    let room = r.route(notice);
    while (room === undefined) room = r.route(notice);
    r.expect('"thv-1"', waiter());
    await vi.advanceTimersByTimeAsync(6000);
    await room;
    expect(notices).toEqual([{ type: 'stream-abandoned' }]);
  });
});

it('a lost connection is told to everybody who waits, once', () => {
  const r = router();
  const all = [waiter(), waiter()];
  all.forEach((one, index) => void r.expect(String(index), one));
  r.lose();
  r.lose();
  expect(all.map(({ got }) => got)).toEqual([['lost'], ['lost']]);
  expect(r.waiting).toBe(0);
});
