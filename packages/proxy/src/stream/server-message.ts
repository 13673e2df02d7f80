/**
 * What may pass from the upstream to the client, message by message (D8, D29).
 *
 * One `ServerMessages` belongs to one stream or body. It knows which request the stream answers,
 * and through the session which other ids are outstanding.
 */

import type { FilterResult } from '../authorization.ts';
import {
  INTERNAL_ERROR,
  isRecord,
  type JsonRpcMessage,
  MESSAGE_PATHS,
  readJsonRpcText,
} from '../mcp/json-rpc.ts';
import type { FilteredList } from '../mcp/methods.ts';
import { errorText } from '../mcp/reply.ts';
import { type Splice, spliceText } from '../mcp/splice.ts';
import { taskOf } from '../mcp/tasks.ts';
import { idKey, type RememberedRequest, type SessionTraffic } from '../session/traffic.ts';

/** Filters the result of a list request; the pipeline binds the identity. */
export type ListFilter = (list: FilteredList, result: unknown) => Promise<FilterResult>;

/** The request that a POST stream or body answers. */
export interface AnsweredRequest extends RememberedRequest {
  /** JSON text of its id. */
  readonly idText: string;
}

export interface ServerMessagesOptions {
  /** Absent on GET streams. */
  readonly request: AnsweredRequest | undefined;
  readonly traffic: SessionTraffic;
  readonly filterList: ListFilter;
  /** How callers see a tool, by its text; undefined: not at all. Absent: as it is. */
  readonly showTool?: ((text: string) => string | undefined) | undefined;
  /** What to do with text that is no message and in which no reader could find a result. */
  readonly harmless: 'pass' | 'withhold';
  /** Told why something was withheld. */
  readonly onWithheld: (reason: string) => void;
  /** False for notifications that the client must not see. */
  readonly mayNotice: (notice: JsonRpcMessage) => boolean | Promise<boolean>;
  /** Told the method of every notification, also of those that do not pass. */
  readonly onNotification: (method: string) => void;
  /** Told the id of every task that an answer begins. */
  readonly onTask: (taskId: string) => void;
}

/** The member that holds the items, by list. */
export const LIST_MEMBERS: Readonly<Record<FilteredList, string>> = {
  tools: 'tools',
  prompts: 'prompts',
  resources: 'resources',
  resource_templates: 'resourceTemplates',
  tasks: 'tasks',
};

const PATHS: ReadonlySet<string> = new Set([
  ...MESSAGE_PATHS,
  'result.cacheScope',
  ...Object.values(LIST_MEMBERS).flatMap((name) => [`result.${name}`, `result.${name}[]`]),
]);

/** What goes to the client in place of a message. */
export interface PassedMessage {
  /** Undefined when the client gets nothing: nobody waits for a notification. */
  readonly text: string | undefined;
  /** True when the text is an error of the proxy instead of the message. */
  readonly withheld: boolean;
}

const DROPPED: PassedMessage = { text: undefined, withheld: false };

/**
 * What goes to the client in place of `text`: the same, the filtered list, or an error.
 *
 * Text that cannot be read as one message is passed on only where no reader could find a result in
 * it; dropping it in silence would leave clients waiting.
 */
export async function passServerMessage(
  text: string,
  options: ServerMessagesOptions,
): Promise<PassedMessage> {
  const read = readJsonRpcText(text, PATHS);
  if (!read.ok) return passUnreadable(text, read.refusal.reason, options);
  const { message } = read;
  switch (message.kind) {
    case 'notification':
      options.onNotification(message.method ?? '');
      return (await options.mayNotice(message)) ? pass(text) : DROPPED;
    case 'request':
      if (message.id !== undefined) options.traffic.serverAsked(message.id.text);
      return pass(text);
    case 'response':
      return passResponse(message, options);
  }
}

async function passResponse(
  message: JsonRpcMessage,
  options: ServerMessagesOptions,
): Promise<PassedMessage> {
  const { request, traffic } = options;
  const idText = message.id?.text ?? '';
  const answers = request !== undefined && idKey(request.idText) === idKey(idText);
  const method = answers ? request : traffic.requestOf(idText);
  // An answer to a question that this session did not ask could hold anybody's list.
  if (method === undefined) return withhold('response-id', options, idText);
  if (!Object.hasOwn(message.value, 'result')) return pass(message.text);
  const { result } = message.value;
  if (method.list === undefined) {
    // An id proves little: one that is used twice makes servers send a list in answer to something
    // else. No other result has the shape of a list.
    if (holdsList(result, undefined)) return withhold('response-shape', options, idText);
    const task = method.mayBeginTask ? taskOf(result) : undefined;
    if (task !== undefined) options.onTask(task);
    return pass(method.isJudged ? spliceText(message.text, privateScope(message)) : message.text);
  }
  const filtered = await options.filterList(method.list, result);
  if (!filtered.ok) return withhold(filtered.reason, options, idText);
  const { showTool } = options;
  const isWhole = filtered.kept === 'all' && showTool === undefined;
  // A list of another kind beside the one that was asked for, or in its place, has been judged by
  // nobody; without policies, tasks are still their creators'.
  const isForeign = isWhole ? holdsTasks(result) : holdsList(result, method.list);
  if (isForeign) return withhold('response-shape', options, idText);
  // Nobody is kept from anything: there is no list to cut, and no need to make it private.
  if (isWhole) return pass(message.text);
  const show = method.list === 'tools' ? showTool : undefined;
  if (filtered.kept === 'all' && show === undefined) return pass(message.text);
  const text = spliceList(message, method.list, { kept: filtered.kept, show });
  return text === undefined ? withhold('list', options, idText) : pass(text);
}

/** True when the result holds a list of another kind than `expected`. */
function holdsList(result: unknown, expected: FilteredList | undefined): boolean {
  if (!isRecord(result)) return false;
  const own = expected === undefined ? undefined : LIST_MEMBERS[expected];
  return Object.values(LIST_MEMBERS).some((name) => name !== own && Object.hasOwn(result, name));
}

function holdsTasks(result: unknown): boolean {
  return isRecord(result) && Object.hasOwn(result, LIST_MEMBERS.tasks);
}

interface Selection {
  readonly kept: readonly number[] | 'all';
  readonly show: ServerMessagesOptions['showTool'];
}

/** Cuts the items that do not stay out of the text; every other byte remains (D29). */
function spliceList(
  message: JsonRpcMessage,
  list: FilteredList,
  { kept, show }: Selection,
): string | undefined {
  const path = `result.${LIST_MEMBERS[list]}`;
  const array = message.spans.get(path);
  // What is no array has no items that could be shown one by one.
  if (array === undefined || message.text[array.start] !== '[') return undefined;
  const items = message.items.get(`${path}[]`) ?? [];
  const texts: string[] = [];
  for (const index of kept === 'all' ? items.keys() : kept) {
    const item = items[index];
    if (item === undefined) return undefined;
    const text = message.text.slice(item.start, item.end);
    const shown = show === undefined ? text : show(text);
    if (shown !== undefined) texts.push(shown);
  }
  const cut = { span: array, text: `[${texts.join(',')}]` };
  // A choice that is the same for everybody makes nothing private.
  return spliceText(message.text, kept === 'all' ? [cut] : [cut, ...privateScope(message)]);
}

/** Judged for one identity, so no cache may share it (MCP 2026-07-28, caching). */
function privateScope(message: JsonRpcMessage): readonly Splice[] {
  const span = message.spans.get('result.cacheScope');
  return span === undefined ? [] : [{ span, text: '"private"' }];
}

function passUnreadable(
  text: string,
  reason: string,
  options: ServerMessagesOptions,
): PassedMessage {
  if (options.harmless === 'pass' && !couldHoldResult(text)) return pass(text);
  return withhold(reason, options, options.request?.idText);
}

/**
 * True when some reader could make a result of the text, even one less strict than ours: the word may
 * be written with escapes, and every result is in an object.
 */
function couldHoldResult(text: string): boolean {
  if (/result|\{/i.test(text)) return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    // Not JSON, no object and no `result` in it: every JSON-RPC reader refuses it.
    return false;
  }
}

function withhold(
  reason: string,
  options: ServerMessagesOptions,
  idText: string | undefined,
): PassedMessage {
  options.onWithheld(reason);
  const id = options.request?.idText ?? idText;
  const text = errorText({
    code: INTERNAL_ERROR,
    id: id === undefined ? undefined : { text: id },
  });
  return { text, withheld: true };
}

function pass(text: string): PassedMessage {
  return { text, withheld: false };
}
