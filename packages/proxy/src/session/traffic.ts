/** What is under way in one session: requests of the client, and questions of the server (D8, D29). */

import type { FilteredList } from '../mcp/methods.ts';

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
   * True when a server could take this id for that of a list request. Servers find the stream of an
   * answer by its id, and not all keep `1`, `"1"` and integers beyond 2^53 apart as we do.
   */
  mayAnswerList(idText: string): boolean;
  /** The server asked the client something. */
  serverAsked(idText: string): void;
  /** True when the server waits for this answer; it waits no longer afterwards. */
  takeServerRequest(idText: string): boolean;
}

/** Most ids remembered in each direction; the oldest are forgotten first. */
const MAX_REMEMBERED = 1000;

/**
 * Creates the memory of one session.
 *
 * @param hasGaps true when earlier traffic of the session may have been forgotten
 */
export function createSessionTraffic(hasGaps = false): SessionTraffic {
  const requests = new Map<string, RememberedRequest>();
  const questions = new Map<string, true>();
  const listKeys = new Set<string>();
  let mayHaveForgotten = hasGaps;
  return {
    clientAsked: (idText, request) => {
      remember(requests, idKey(idText), request);
      if (request.list === undefined) return;
      // What cannot be remembered is assumed.
      if (listKeys.size < MAX_REMEMBERED) listKeys.add(looseKey(idText));
      else mayHaveForgotten = true;
    },
    clientAnswered: (idText) => void requests.delete(idKey(idText)),
    requestOf: (idText) => requests.get(idKey(idText)),
    mayAnswerList: (idText) => mayHaveForgotten || listKeys.has(looseKey(idText)),
    serverAsked: (idText) => remember(questions, idKey(idText), true),
    takeServerRequest: (idText) => questions.delete(idKey(idText)),
  };
}

/** Two spellings of one id give one key: strings are compared decoded, integers as written. */
export function idKey(idText: string): string {
  // A string id has been parsed as JSON before; numbers would lose digits.
  return idText.startsWith('"') ? `s${JSON.parse(idText) as string}` : `n${idText}`;
}

/** One key for all ids that some server might hold for the same. */
function looseKey(idText: string): string {
  const text = idKey(idText).slice(1);
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
