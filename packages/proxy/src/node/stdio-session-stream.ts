/** The GET stream of a session: the newest one gets the messages. */

import type { Answer } from '../http/answer.ts';
import { openSseSource, type SseSource } from '../stream/sse-source.ts';
import type { StdioSettings } from './stdio-options.ts';

export interface SessionStream {
  readonly isOpen: boolean;
  /**
   * Opens a new stream and ends the one before it in good order. The caller has been checked to
   * own the session, so nobody is robbed: it is the same client, come back after a lost connection.
   */
  open(signal: AbortSignal): Answer;
  /** False: no stream is open, or its reader was too slow and it has been closed. */
  send(text: string): boolean;
  close(): void;
}

export function createSessionStream(settings: StdioSettings): SessionStream {
  let current: SseSource | undefined;
  return {
    get isOpen() {
      return current?.isOpen === true;
    },
    open(signal) {
      current?.close();
      const source = openSseSource({
        maxBytes: settings.maxStreamBytes,
        keepAlive: settings.keepAlive,
        onCancel: () => signal.removeEventListener('abort', source.close),
      });
      current = source;
      if (signal.aborted) source.close();
      else signal.addEventListener('abort', source.close, { once: true });
      return source.response;
    },
    send(text) {
      if (current?.isOpen !== true) return false;
      if (current.send(text)) return true;
      settings.log({ type: 'stream-overflow', stream: 'session' });
      current.close();
      return false;
    },
    close: () => current?.close(),
  };
}
