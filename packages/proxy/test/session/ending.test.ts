/** A session that its client ends stays ended, whatever else is on its way (MCP 2025-11-25, session management). */

import { expect, it } from 'vitest';
import { createRecoveringUpstream, ProxyError } from '../../src/index.ts';
import { fakeUpstream, harness, jsonResult } from '../support/fakes.ts';

/** A server that says when it answers what. */
function begin() {
  const alive = new Set<string>();
  const held = new Map<string, () => void>();
  const holding = new Set<string>();
  let begun = 0;
  let failures = 0;
  const fake = fakeUpstream(async (message, { sessionId = '' }) => {
    const what = message?.method ?? 'DELETE';
    if (failures > 0) {
      failures -= 1;
      throw new ProxyError('ERR_PROXY_UPSTREAM_ANSWER', 'it fails');
    }
    const isKnown = alive.has(sessionId);
    const isEnd = message === undefined && alive.delete(sessionId);
    if (holding.has(what)) await new Promise<void>((resolve) => held.set(what, resolve));
    if (what === 'initialize') {
      begun += 1;
      alive.add(`S${begun}`);
      return jsonResult('1', {}, { headers: { 'mcp-session-id': `S${begun}` } });
    }
    if (isEnd) return new Response(null, { status: 204 });
    if (!isKnown) return new Response(null, { status: 404 });
    if (message?.id === undefined) return new Response(null, { status: 202 });
    return jsonResult(message.id.text, {});
  });
  const upstream = { ...createRecoveringUpstream(fake), forwarded: fake.forwarded };
  const { call, send } = harness({ upstream });
  const headers = { 'mcp-session-id': 'S1' };
  return {
    alive,
    hold: (what: string) => holding.add(what),
    fail: <T>(ask: () => T): T => {
      failures += 1;
      return ask();
    },
    reached: async (what: string) => {
      await expect.poll(() => held.get(what)).toBeDefined();
    },
    letGo: (what: string) => {
      holding.delete(what);
      held.get(what)?.();
    },
    initialize: () => call('initialize', {}),
    ping: async () => (await call('ping', {}, headers)).status,
    end: async () => (await send('', { method: 'DELETE', headers })).status,
  };
}

it('while it is begun anew', async () => {
  const { alive, hold, reached, letGo, initialize, ping, end } = begin();
  await initialize();
  alive.clear();
  hold('initialize');
  const pinged = ping();
  await reached('initialize');
  const ended = end();
  letGo('initialize');
  await pinged;
  expect(await ended).toBe(204);
  expect([...alive]).toEqual([]);
});

it('while a request that the server has forgotten already is on its way', async () => {
  const { alive, hold, reached, letGo, initialize, ping, end } = begin();
  await initialize();
  hold('DELETE');
  const ended = end();
  await reached('DELETE');
  expect(await ping()).toBe(404);
  letGo('DELETE');
  expect(await ended).toBe(204);
  expect([...alive]).toEqual([]);
});

it('while it is ended a second time, after the first has failed', async () => {
  const { alive, hold, reached, letGo, fail, initialize, ping, end } = begin();
  await initialize();
  hold('DELETE');
  const first = fail(end);
  const second = end();
  await reached('DELETE');
  expect(await first).toBe(502);
  expect(await ping()).toBe(404);
  letGo('DELETE');
  expect(await second).toBe(204);
  expect([...alive]).toEqual([]);
});

it('and goes on when the server refuses to end it', async () => {
  const fake = fakeUpstream((message, { sessionId }) => {
    if (message?.method === 'initialize') {
      return jsonResult(
        '1',
        {},
        { headers: { 'mcp-session-id': fake.forwarded.length > 1 ? 'S2' : 'S1' } },
      );
    }
    if (message === undefined) return new Response(null, { status: 405 });
    if (message.id === undefined) return new Response(null, { status: 202 });
    const isLost = fake.forwarded.length > 2 && sessionId === 'S1';
    return isLost ? new Response(null, { status: 404 }) : jsonResult(message.id.text, {});
  });
  const upstream = { ...createRecoveringUpstream(fake), forwarded: fake.forwarded };
  const { call, send } = harness({ upstream });
  await call('initialize', {});
  const headers = { 'mcp-session-id': 'S1' };
  expect((await send('', { method: 'DELETE', headers })).status).toBe(405);
  expect((await call('ping', {}, headers)).status).toBe(200);
});
