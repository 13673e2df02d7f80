/** One connection to Redis that no request ever waits for long, and that comes back by itself. */

import { createClient } from '@redis/client';
import type { LogEvent } from '@thv/compose';
import { ProxyError } from '@thv/proxy';

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, with user name and password. */
  readonly url: string;
  readonly log: (event: LogEvent) => void;
  /** Milliseconds to wait for an answer. Default 1000. */
  readonly timeout?: number;
}

export interface RedisConnection {
  /** Begins to connect; commands fail until that is done. */
  connect(): void;
  readonly isReady: boolean;
  /** @throws ProxyError `ERR_PROXY_STORE` at once when not connected, or after the timeout */
  send(command: readonly string[]): Promise<unknown>;
  close(): void;
}

/** Milliseconds. */
const TIMEOUT = 1000;
const MOST_BACKOFF = 2000;
/** A connection that is not ready after this long is begun anew: some servers accept and say nothing. */
const STALE_AFTER = 5000;

/** Creates a connection; nothing is sent before `connect`. */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { url, log, timeout = TIMEOUT } = options;
  let client: Client | undefined;
  let openedAt = 0;
  let isLost = false;
  let watch: NodeJS.Timeout | undefined;

  const tellLost = (error: unknown): void => {
    if (!isLost) log({ level: 'error', message: `store: Redis is gone (${reasonOf(error)})` });
    isLost = true;
  };
  const open = (): void => {
    client?.destroy();
    openedAt = performance.now();
    const opened = createRedisClient(url);
    client = opened;
    opened.on('error', (error) => {
      if (client === opened) tellLost(error);
    });
    opened.on('ready', () => {
      // It was given up while it connected, when there was nothing yet to end.
      if (client !== opened) return opened.destroy();
      if (isLost) log({ level: 'warn', message: 'store: Redis is back' });
      isLost = false;
    });
    // Told by its event; it goes on trying by itself.
    opened.connect().catch(() => undefined);
  };
  const renew = (failed: Client): void => {
    // Several commands may find out together.
    if (client === failed) open();
  };

  return {
    connect() {
      if (client !== undefined) return;
      open();
      watch = setInterval(() => {
        const isStale = performance.now() - openedAt > STALE_AFTER;
        if (client?.isReady === false && isStale) open();
      }, STALE_AFTER / 5);
      watch.unref();
    },
    get isReady() {
      return client?.isReady ?? false;
    },
    async send(command) {
      const asked = client;
      // One that is not ready rejects by itself.
      if (asked === undefined) throw storeError('it is not connected');
      const late = waitFor(timeout);
      try {
        const answer = await Promise.race([asked.sendCommand(command), late.reached]);
        if (answer !== LATE) return answer;
      } catch (error) {
        throw storeError(reasonOf(error));
      } finally {
        late.cancel();
      }
      tellLost(new Error('no answer in time'));
      renew(asked);
      throw storeError('it did not answer in time');
    },
    close() {
      clearInterval(watch);
      client?.destroy();
      client = undefined;
    },
  };
}

type Client = ReturnType<typeof createRedisClient>;

function createRedisClient(url: string) {
  return createClient({
    url,
    // A request must not wait for a connection, nor what was meant for it then be done later.
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: {
      connectTimeout: 2 * TIMEOUT,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 6), MOST_BACKOFF),
    },
  });
}

const LATE = Symbol('late');

function waitFor(milliseconds: number): {
  readonly reached: Promise<typeof LATE>;
  cancel(): void;
} {
  let timer: NodeJS.Timeout | undefined;
  const reached = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), milliseconds);
  });
  return { reached, cancel: () => clearTimeout(timer) };
}

function storeError(reason: string): ProxyError {
  return new ProxyError('ERR_PROXY_STORE', `Redis cannot be used: ${reason}`);
}

/** A code, or the first word of what Redis says, which is one: the rest may repeat what was sent. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return (
    /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? (error.name === 'Error' ? 'failed' : error.name)
  );
}
