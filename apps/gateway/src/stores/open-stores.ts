/** From the configured store to one that can be used. */

import { type IntrospectionCacheFactory, type LogEvent, openSecret } from '@thv/compose';
import type { RateLimitStore, SessionStore } from '@thv/proxy';
import type { StoreConfig } from '../store-config.ts';

/** What replicas share. */
export interface SharedStores {
  /** @param ttl milliseconds without use after which a session is forgotten; default two hours */
  readonly sessionsOf: (server: string, ttl?: number) => SessionStore;
  readonly rateLimits: RateLimitStore;
  readonly introspectionCache: IntrospectionCacheFactory;
  /** Begins to connect, and waits a while for that; goes on trying when it fails. */
  readonly connect: (signal: AbortSignal) => Promise<void>;
  /** False while the store is away: sessions cannot be continued, and `on_store_error` decides. */
  readonly isReady: () => boolean;
  readonly close: () => void;
}

/**
 * Opens the store; nothing is connected yet.
 *
 * @returns undefined where nothing is shared
 * @throws TypeError, OidcError when its URL cannot be read or is none
 */
export async function openStores(
  store: StoreConfig,
  log: (event: LogEvent) => void,
): Promise<SharedStores | undefined> {
  if (store.kind === 'memory') return undefined;
  const readUrl = await openSecret('store', store.url);
  // Most gateways keep to themselves, and not every runtime has sockets.
  const { createRedisStores } = await import('./redis-stores.ts');
  return createRedisStores({ url: await readUrl(), keyPrefix: store.keyPrefix, log });
}
