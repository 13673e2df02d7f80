/** What is under way in one session: requests of the client, and questions of the server (D8, D29). */

import type { FilteredList } from '../mcp/methods.ts';
import { createTextFilter, type TextFilter } from './text-filter.ts';

/** What is remembered of a client's request. */
export interface RememberedRequest {
  readonly list: FilteredList | undefined;
  /** True when the answer may name a task that it begins. */
  readonly mayBeginTask: boolean;
  /** True when a policy judged it for one identity, so that no cache may share the answer. */
  readonly isJudged: boolean;
}

export interface SessionTraffic {
  /** A request of the client was forwarded. */
  clientAsked(idText: string, request: RememberedRequest): void;
  /** The answer has come whole, so that no later one can be meant for this request. */
  clientAnswered(idText: string): void;
  /** The request with this id; those answered by a stream are kept, since a resumed one replays answers. */
  requestOf(idText: string): RememberedRequest | undefined;
  /**
   * False only when no server could take this id for that of a list request. Servers find the stream of
   * an answer by its id, and not all keep `1`, `"1"`, integers beyond 2^53 and two spellings of one
   * character apart as we do.
   */
  mayAnswerList(idText: string): boolean;
  /** The server asked the client something. */
  serverAsked(idText: string): void;
  /** True when the server waits for this answer; it waits no longer afterwards. */
  takeServerRequest(idText: string): boolean;
}

/** Most ids remembered in each direction; the oldest are forgotten first. */
const MAX_REMEMBERED = 256;

/**
 * Creates the memory of one session.
 *
 * @param hasGaps true when there may have been traffic of the session that is not known here
 */
export function createSessionTraffic(hasGaps = false): SessionTraffic {
  return new Traffic(hasGaps);
}

/** There are many sessions, and most do little: what is not needed is not made. */
class Traffic implements SessionTraffic {
  #requests: Map<string, RememberedRequest> | undefined;
  #questions: Map<string, true> | undefined;
  /** Loose keys of all lists that were ever asked for. */
  #lists: TextFilter | undefined;
  readonly #hasGaps: boolean;

  constructor(hasGaps: boolean) {
    this.#hasGaps = hasGaps;
  }

  clientAsked(idText: string, { list, mayBeginTask, isJudged }: RememberedRequest): void {
    // No more than this: what it comes from may hold the whole message.
    const request =
      list === undefined && !mayBeginTask && !isJudged ? PLAIN : { list, mayBeginTask, isJudged };
    this.#requests ??= new Map();
    remember(this.#requests, idKey(idText), request);
    if (list === undefined) return;
    this.#lists ??= createTextFilter();
    this.#lists.add(looseKey(idText));
  }

  clientAnswered(idText: string): void {
    this.#requests?.delete(idKey(idText));
  }

  requestOf(idText: string): RememberedRequest | undefined {
    return this.#requests?.get(idKey(idText));
  }

  mayAnswerList(idText: string): boolean {
    return this.#hasGaps || this.#lists?.mayHave(looseKey(idText)) === true;
  }

  serverAsked(idText: string): void {
    this.#questions ??= new Map();
    remember(this.#questions, idKey(idText), true);
  }

  takeServerRequest(idText: string): boolean {
    return this.#questions?.delete(idKey(idText)) === true;
  }
}

/** Of most requests there is nothing to remember but that they were made. */
const PLAIN: RememberedRequest = { list: undefined, mayBeginTask: false, isJudged: false };

/** Two spellings of one id give one key: strings are compared decoded, integers as written. */
export function idKey(idText: string): string {
  // A string id has been parsed as JSON before; numbers would lose digits.
  return idText.startsWith('"') ? `s${JSON.parse(idText) as string}` : `n${idText}`;
}

/** One key for all ids that some server might hold for the same. */
function looseKey(idText: string): string {
  const text = idKey(idText).slice(1).normalize();
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? String(number) : text;
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
