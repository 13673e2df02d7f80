/** Servers without streams are to say 405 to a GET; many frameworks say 404, which means a lost session. */

import { describe, expect, it } from 'vitest';
import { createRecoveringUpstream } from '../../src/index.ts';
import { fakeUpstream, harness, jsonResult } from '../support/fakes.ts';

/** Knows the session that it began last, and has a stream for it where `hasStreams` says so. */
function begin(hasStreams: () => boolean) {
  let at = 0;
  let begun = 0;
  const now = () => at;
  const fake = fakeUpstream((message, { sessionId }) => {
    if (message?.method === 'initialize') {
      begun += 1;
      return jsonResult('1', {}, { headers: { 'mcp-session-id': `S${begun}` } });
    }
    const isKnown = sessionId === `S${begun}`;
    if (message === undefined && isKnown && hasStreams()) {
      return new Response(': hello\n\n', { headers: { 'content-type': 'text/event-stream' } });
    }
    if (message === undefined || !isKnown) return new Response('Cannot GET', { status: 404 });
    if (message.id === undefined) return new Response(null, { status: 202 });
    return jsonResult(message.id.text, {});
  });
  const upstream = { ...createRecoveringUpstream(fake, { now }), forwarded: fake.forwarded };
  const { call, send } = harness({ upstream, now });
  const headers = { 'mcp-session-id': 'S1' };
  return {
    begun: () => begun,
    initialize: () => call('initialize', {}),
    ping: async (id = 'S1') => (await call('ping', {}, { 'mcp-session-id': id })).status,
    get: async () => (await send('', { method: 'GET', headers })).status,
    lose: () => {
      begun += 1;
    },
    wait: (seconds: number) => {
      at += seconds * 1000;
    },
  };
}

describe('a server that answers every GET with 404', () => {
  it('is not begun anew for each of them', async () => {
    const { begun, initialize, ping, get, wait } = begin(() => false);
    await initialize();
    for (let times = 0; times < 5; times += 1) {
      expect(await get()).toBe(404);
      wait(30);
      expect(await ping()).toBe(200);
    }
    // The first could have been a loss.
    expect(begun()).toBe(2);
  });

  it('keeps a session whose client has nothing to say for a while', async () => {
    const { initialize, ping, get, wait } = begin(() => false);
    await initialize();
    for (let times = 0; times < 20; times += 1) {
      if (times === 10) wait(61);
      await get();
    }
    expect(await ping()).toBe(200);
  });
});

it('a server whose streams come back is believed again', async () => {
  let hasStreams = false;
  const { begun, initialize, get, lose } = begin(() => hasStreams);
  await initialize();
  expect(await get()).toBe(404);
  hasStreams = true;
  expect(await get()).toBe(200);
  lose();
  const before = begun();
  expect(await get()).toBe(200);
  expect(begun()).toBe(before + 1);
});
