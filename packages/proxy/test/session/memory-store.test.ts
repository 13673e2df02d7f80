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

  it.each([10, 1000])('lets nobody put out the sessions of others, of %i', async (maxSessions) => {
    const store = createMemorySessionStore({ maxSessions });
    const quiet = Array.from({ length: maxSessions / 5 }, (_, number) => `quiet-${number}`);
    for (const [number, id] of quiet.entries()) {
      await store.remember(id, { issuer: 'i', subject: `u${number % 4}` });
    }
    const hog = { issuer: 'i', subject: 'hog' };
    for (let number = 0; number < 3 * maxSessions; number += 1) {
      await store.remember(`hog-${number}`, hog);
    }
    const known = await Promise.all(quiet.map((id) => store.ownerOf(id)));
    expect(known.filter((owner) => owner === undefined)).toEqual([]);
    expect(store.count?.()).toBeLessThanOrEqual(maxSessions);
    expect(await store.ownerOf(`hog-${3 * maxSessions - 1}`)).toEqual(hog);
    // What has been forgotten counts no more, however it went.
    for (let number = 0; number < 3 * maxSessions; number += 1) await store.forget(`hog-${number}`);
    const many = Array.from({ length: maxSessions - quiet.length }, (_, number) => `new-${number}`);
    for (const id of many) await store.remember(id, { issuer: 'i', subject: id });
    const still = await Promise.all([...quiet, ...many].map((id) => store.ownerOf(id)));
    expect(still.filter((owner) => owner === undefined)).toEqual([]);
  });
});
