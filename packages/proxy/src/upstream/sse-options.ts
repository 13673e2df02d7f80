/** Settings of an upstream that speaks the transport of 2024-11-05, and what it tells the operator. */

import { quietly } from '../quietly.ts';
import { checkUrl, exchangeByFetch, type HttpUpstreamOptions } from './http.ts';

/** As for streamable HTTP; `url` is that of the event stream, such as `http://localhost:8000/sse`. */
export interface SseUpstreamOptions extends HttpUpstreamOptions {
  /** Milliseconds for which callers wait for a server that refuses connections. Default 3000. */
  readonly patience?: number;
  /** Characters of one event of the server. Default 16 MiB. */
  readonly maxEventLength?: number;
  /** Milliseconds without use after which a session is ended. Default two hours. */
  readonly sessionTtl?: number;
  /** Sessions, and with them connections to the server, at most. Default 1000. */
  readonly maxSessions?: number;
  /** Milliseconds of silence after which a stream to a client gets a comment. Default 30,000. */
  readonly keepAlive?: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Told what an operator may want to know; never a message. */
  readonly onNotice?: (notice: SseNotice) => void;
}

export type SseNotice =
  /** A second `endpoint` event, or an event that is no message. */
  | { readonly type: 'event-ignored'; readonly reason: 'endpoint-again' | 'event-name' }
  /** An answer to nothing, or a message for which there was no reader. */
  | { readonly type: 'message-dropped' }
  /** A client does not read while its answers wait; its stream was ended. */
  | { readonly type: 'stream-abandoned' }
  /** The server had ended the connection; there is a new one, initialised like the first. */
  | { readonly type: 'session-renewed' };

/** The options with every default filled in. */
export interface SseSettings extends Required<Omit<SseUpstreamOptions, 'url' | 'close'>> {
  readonly url: URL;
}

const HOUR = 3_600_000;

/** @throws {TypeError} naming the option that is missing or out of range. */
export function resolveSseOptions(options: SseUpstreamOptions): SseSettings {
  const settings: SseSettings = {
    url: checkUrl(options.url),
    exchange: options.exchange ?? exchangeByFetch,
    headersTimeout: options.headersTimeout ?? 60_000,
    patience: options.patience ?? 3000,
    maxEventLength: options.maxEventLength ?? 16 * 1024 * 1024,
    sessionTtl: options.sessionTtl ?? 2 * HOUR,
    maxSessions: options.maxSessions ?? 1000,
    keepAlive: options.keepAlive ?? 30_000,
    now: options.now ?? Date.now,
    onNotice: quietly(options.onNotice ?? (() => undefined)),
  };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number' && !(Number.isFinite(value) && value > 0)) {
      throw new TypeError(`"${name}" must be a positive number`);
    }
  }
  return settings;
}
