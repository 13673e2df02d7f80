/** Server-sent events, written the one way that every reader agrees on. */

/** One event; `data` may hold line breaks, the other fields may not. */
export interface SseEvent {
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  /** Milliseconds. */
  readonly retry?: number | undefined;
  /** Absent: the event only carries an id or a retry time. */
  readonly data?: string | undefined;
}

/** A comment, used to keep a silent connection open. */
export const KEEP_ALIVE = ': keep-alive\n\n';

/** Encodes one event with LF line ends. */
export function encodeSse(event: SseEvent): string {
  let text = '';
  if (event.event !== undefined && event.event !== '') text += `event: ${event.event}\n`;
  if (event.id !== undefined) text += `id: ${event.id}\n`;
  if (event.retry !== undefined) text += `retry: ${event.retry}\n`;
  if (event.data !== undefined) {
    for (const line of event.data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  }
  return `${text}\n`;
}
