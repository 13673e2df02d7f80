/** The operator's own functions fail: the process goes on, and so do the callers. */

import { expect, it, onTestFinished } from 'vitest';
import { ProxyError } from '../src/index.ts';
import { fakeUpstream, harness, jsonResult } from './support/fakes.ts';

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
