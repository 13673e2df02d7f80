/** Reads server-sent events by the WHATWG rules: CR, LF and CRLF end lines, a blank line an event. */

import type { SseEvent } from './sse-encode.ts';

/** What a stream holds: events, and comments, which only keep the connection open. */
export type SseItem = ({ readonly kind: 'event' } & SseEvent) | { readonly kind: 'comment' };

/** Thrown when one event is larger than the reader may hold. */
export class SseOverflow extends Error {
  override readonly name: string = 'SseOverflow';
}

/** An incremental reader; feed it bytes, then call `end`. */
export interface SseReader {
  push(chunk: Uint8Array): SseItem[];
  end(): SseItem[];
}

const LINE_END = /\r\n|\r|\n/g;

/**
 * Creates a reader.
 *
 * An event that the stream ends within is reported as well: some readers dispatch it, so it must be
 * judged like any other.
 *
 * @param maxEventLength characters of one event that are held at most
 */
export function createSseReader(maxEventLength: number): SseReader {
  // Not fatal: WHATWG readers replace ill-formed bytes. One leading byte order mark is dropped.
  const decoder = new TextDecoder('utf-8');
  /** The line that has begun, in the pieces in which it came: joined once, it is scanned once. */
  let begun: string[] = [];
  let begunLength = 0;
  /** The last piece ended in CR, which may be the first half of a CRLF. */
  let endedInCr = false;
  let held = 0;
  let fields = emptyFields();

  const line = (text: string, items: SseItem[]): void => {
    if (text === '') {
      const item = toEvent(fields);
      fields = emptyFields();
      held = 0;
      if (item !== undefined) items.push(item);
      return;
    }
    held += text.length;
    if (held > maxEventLength) throw new SseOverflow('an event is too large');
    if (text.startsWith(':')) items.push({ kind: 'comment' });
    else setField(fields, text);
  };

  const endLine = (last: string, items: SseItem[]): void => {
    const text = begun.length === 0 ? last : begun.join('') + last;
    begun = [];
    begunLength = 0;
    line(text, items);
  };

  const read = (text: string, items: SseItem[]): void => {
    if (text === '') return;
    // The line ended with the CR; the LF after it ends no other one.
    let from = endedInCr && text.startsWith('\n') ? 1 : 0;
    endedInCr = text.endsWith('\r');
    LINE_END.lastIndex = from;
    for (let match = LINE_END.exec(text); match !== null; match = LINE_END.exec(text)) {
      endLine(text.slice(from, match.index), items);
      from = match.index + match[0].length;
    }
    if (from === text.length) return;
    begun.push(text.slice(from));
    begunLength += text.length - from;
    if (begunLength + held > maxEventLength) throw new SseOverflow('an event is too large');
  };

  return {
    push: (chunk) => {
      const items: SseItem[] = [];
      read(decoder.decode(chunk, { stream: true }), items);
      return items;
    },
    end: () => {
      const items: SseItem[] = [];
      read(decoder.decode(), items);
      endLine('', items);
      line('', items);
      return items;
    },
  };
}

interface Fields {
  event: string | undefined;
  id: string | undefined;
  retry: number | undefined;
  data: string[];
}

function emptyFields(): Fields {
  return { event: undefined, id: undefined, retry: undefined, data: [] };
}

function setField(fields: Fields, text: string): void {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const value = colon === -1 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
  switch (name) {
    case 'data':
      fields.data.push(value);
      break;
    case 'event':
      fields.event = value;
      break;
    case 'id':
      if (!value.includes('\u0000')) fields.id = value;
      break;
    case 'retry':
      if (/^\d+$/.test(value)) fields.retry = Number(value);
      break;
    default:
      // Unknown fields are ignored by every reader, so they are not passed on.
      break;
  }
}

function toEvent(fields: Fields): SseItem | undefined {
  const { event, id, retry, data } = fields;
  if (data.length === 0 && id === undefined && retry === undefined) return undefined;
  return { kind: 'event', event, id, retry, data: data.length === 0 ? undefined : data.join('\n') };
}
