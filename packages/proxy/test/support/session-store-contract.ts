/** What every store of sessions must do, wherever it keeps them. */

import { describe, expect, it } from 'vitest';
import type { SessionOwner, SessionStore } from '../../src/index.ts';

/** A fresh store, and a way to let time pass for it. */
export interface SessionStoreUnderTest {
  readonly store: SessionStore;
  elapse(milliseconds: number): Promise<void>;
}

const ANN: SessionOwner = { issuer: 'https://idp.test', subject: 'ann' };
const BOB: SessionOwner = { issuer: 'https://idp.test', subject: 'bob' };

/** @param ttl milliseconds without use after which the stores of `make` forget a session */
export function describeSessionStore(
  name: string,
  ttl: number,
  make: () => Promise<SessionStoreUnderTest>,
): void {
  describe(`${name} as a SessionStore`, () => {
    it('knows the owner of a session, and of no other', async () => {
      const { store } = await make();
      await store.remember('s', ANN);
      expect(await store.ownerOf('s')).toEqual(ANN);
      expect(await store.ownerOf('S')).toBeUndefined();
      expect(await store.ownerOf('s ')).toBeUndefined();
    });

    it('leaves a session to whoever has it', async () => {
      const { store } = await make();
      await store.remember('s', ANN);
      await store.remember('s', BOB);
      await store.remember('s', { ...ANN, issuer: 'https://other.test' });
      expect(await store.ownerOf('s')).toEqual(ANN);
    });

    it('gives a session to one of those who ask at once', async () => {
      const { store } = await make();
      const owners = Array.from({ length: 20 }, (_, index) => ({ ...ANN, subject: `u${index}` }));
      await Promise.all(owners.map((owner) => store.remember('s', owner)));
      const found = await Promise.all(owners.map(() => store.ownerOf('s')));
      expect(owners).toContainEqual(found[0]);
      expect(new Set(found.map((owner) => owner?.subject)).size).toBe(1);
    });

    it('forgets', async () => {
      const { store } = await make();
      await store.remember('s', ANN);
      await store.remember('t', BOB);
      await store.forget('s');
      await store.forget('never');
      expect(await store.ownerOf('s')).toBeUndefined();
      expect(await store.ownerOf('t')).toEqual(BOB);
      await store.remember('s', BOB);
      expect(await store.ownerOf('s')).toEqual(BOB);
    });

    it('forgets what is not used, and keeps what is', async () => {
      const { store, elapse } = await make();
      await store.remember('used', ANN);
      await store.remember('idle', BOB);
      for (let turn = 0; turn < 3; turn += 1) {
        await elapse(ttl * 0.6);
        expect(await store.ownerOf('used')).toEqual(ANN);
      }
      expect(await store.ownerOf('idle')).toBeUndefined();
      await store.remember('idle', ANN);
      expect(await store.ownerOf('idle')).toEqual(ANN);
    });

    it('keeps identities as they are', async () => {
      const { store } = await make();
      const odd = {
        issuer: 'https://idp.test/"\\ \u0000é',
        subject: '{"issuer":"x"} \u{1f600}'.repeat(200),
      };
      await store.remember('s', odd);
      expect(await store.ownerOf('s')).toEqual(odd);
    });
  });
}
