/** Sessions that a server has lost for good take no memory; those lost for a moment stay. */

import { describe, expect, it } from 'vitest';
import {
  createMemorySessionStore,
  createRecoveringUpstream,
  type SessionStore,
} from '../../src/index.ts';
import { createLostSessions } from '../../src/session/lost-sessions.ts';
import { fakeUpstream, harness, jsonResult } from '../support/fakes.ts';

describe('a session that the server does not know', () => {
  const begin = () => {
    let at = 0;
    let isAway = false;
    const now = () => at;
    const fake = fakeUpstream((message) => {
      if (isAway) return new Response('no such session', { status: 404 });
      const headers = message?.method === 'initialize' ? { 'mcp-session-id': 'S1' } : {};
      return jsonResult(message?.id?.text ?? '0', {}, { headers });
    });
    const sessions = createMemorySessionStore({ now });
    const upstream = { ...createRecoveringUpstream(fake, { now }), forwarded: fake.forwarded };
    const h = harness({ upstream, sessions, now });
    return {
      ...h,
      sessions,
      ping: async () => (await h.call('ping', {}, { 'mcp-session-id': 'S1' })).status,
      wait: (seconds: number) => {
        at += seconds * 1000;
      },
      away: (value: boolean) => {
        isAway = value;
      },
    };
  };

  it('is forgotten when nothing better was heard of it for a minute', async () => {
    const { call, ping, wait, away, sessions, upstream, reports } = begin();
    await call('initialize', {});
    expect(await ping()).toBe(200);
    away(true);
    expect(await ping()).toBe(404);
    wait(61);
    expect(await ping()).toBe(404);
    expect(sessions.count?.()).toBe(0);
    away(false);
    const before = upstream.forwarded.length;
    expect(await ping()).toBe(404);
    expect(upstream.forwarded.length).toBe(before);
    expect(reports.at(-1)?.reason).toBe('session-unknown');
  });

  it('goes on when the server knows it again', async () => {
    const { call, ping, wait, away, sessions } = begin();
    await call('initialize', {});
    for (let round = 0; round < 3; round += 1) {
      away(true);
      expect(await ping()).toBe(404);
      wait(50);
      away(false);
      expect(await ping()).toBe(200);
      wait(50);
      expect(await ping()).toBe(200);
    }
    expect(sessions.count?.()).toBe(1);
  });
});

it('is not forgotten for the other replicas that share the store', async () => {
  let at = 0;
  const now = () => at;
  const shared = createMemorySessionStore({ now });
  const replica = (first: string) => {
    const state = { isAway: false };
    const fake = fakeUpstream((message) => {
      if (state.isAway) return new Response('no such page', { status: 404 });
      const headers = message?.method === 'initialize' ? { 'mcp-session-id': first } : {};
      return jsonResult(message?.id?.text ?? '0', {}, { headers });
    });
    const sessions: SessionStore = {
      ownerOf: shared.ownerOf,
      remember: shared.remember,
      forget: shared.forget,
    };
    const upstream = { ...createRecoveringUpstream(fake, { now }), forwarded: fake.forwarded };
    const { call } = harness({ upstream, sessions, now });
    const ping = async (id: string) => (await call('ping', {}, { 'mcp-session-id': id })).status;
    return { state, call, ping };
  };
  const [a, b] = [replica('S1'), replica('S2')] as const;
  await a.call('initialize', {});
  // What stands between this replica and the server knows no way to it for a moment.
  a.state.isAway = true;
  expect(await a.ping('S1')).toBe(404);
  a.state.isAway = false;
  await b.call('initialize', {});
  for (let minute = 0; minute < 3; minute += 1) {
    at += 61_000;
    expect(await b.ping('S1')).toBe(200);
    expect(await a.ping('S2')).toBe(200);
  }
});

describe('createLostSessions', () => {
  it('counts from the first loss, and holds no more than it may', () => {
    let at = 0;
    const over: string[] = [];
    const lost = createLostSessions({
      onOver: (sessionId) => over.push(sessionId),
      now: () => at,
      grace: 10,
      maxSessions: 2,
    });
    lost.mark('a');
    at = 9;
    lost.mark('a');
    lost.mark('b');
    at = 11;
    lost.clear('elsewhere');
    expect(over).toEqual(['a']);
    lost.mark('c');
    lost.mark('d');
    expect(over).toEqual(['a', 'b']);
    lost.clear('c');
    at = 100;
    lost.clear('c');
    expect(over).toEqual(['a', 'b', 'd']);
  });
});
