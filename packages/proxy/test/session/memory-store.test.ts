import { describe, expect, it } from 'vitest';
import { createMemorySessionStore } from '../../src/index.ts';
import { describeSessionStore } from '../support/session-store-contract.ts';

const TTL = 10_000;

describeSessionStore('createMemorySessionStore', TTL, async () => {
  let time = 1_000_000;
  return {
    store: createMemorySessionStore({ ttl: TTL, now: () => time }),
    elapse: async (milliseconds) => {
      time += milliseconds;
    },
  };
});

describe('createMemorySessionStore', () => {
  it('holds the sessions that were used last', async () => {
    const store = createMemorySessionStore({ maxSessions: 3 });
    for (const id of ['a', 'b', 'c']) await store.remember(id, { issuer: 'i', subject: id });
    await store.ownerOf('a');
    await store.remember('d', { issuer: 'i', subject: 'd' });
    const known = await Promise.all(['a', 'b', 'c', 'd'].map((id) => store.ownerOf(id)));
    expect(known.map((owner) => owner?.subject)).toEqual(['a', undefined, 'c', 'd']);
  });
});
