/** Which notifications of the server one client may see: what it asked for, about what it may read. */

import type { PolicyEngine } from '../authorization.ts';
import { type Exchange, identityOf } from '../exchange.ts';
import { isRecord, type JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { TaskBook } from '../session/task-book.ts';

/** True when the notification may go to the client. */
export type NoticeFilter = (notice: JsonRpcMessage) => boolean | Promise<boolean>;

export interface NoticeFilterOptions {
  readonly engine: PolicyEngine | 'anything-authenticated';
  readonly tasks: TaskBook;
}

const UPDATED = 'notifications/resources/updated';
const TASK_STATUS = 'notifications/tasks/status';
/** The member of a subscription that asks for a notification. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ['notifications/tools/list_changed', 'toolsListChanged'],
  ['notifications/prompts/list_changed', 'promptsListChanged'],
  ['notifications/resources/list_changed', 'resourcesListChanged'],
]);

/**
 * Creates the filter of one stream.
 *
 * Servers may tell of a resource below the one that was subscribed to, so each URI is judged by itself;
 * and a server that tells every client everything must not tell it through here. Tasks are their
 * creators' (D7).
 */
export function createNoticeFilter(
  exchange: Exchange,
  { engine, tasks }: NoticeFilterOptions,
): NoticeFilter {
  const wanted = wantedBy(exchange);
  return async ({ method = '', params }) => {
    if (wanted !== undefined && !isWanted(method, wanted)) return false;
    if (method === TASK_STATUS) {
      const taskId = params?.['taskId'];
      return typeof taskId === 'string' && tasks.owns(taskId, identityOf(exchange));
    }
    if (method !== UPDATED || engine === 'anything-authenticated') return true;
    const target = params?.['uri'];
    if (typeof target !== 'string') return false;
    const identity = identityOf(exchange);
    return (await engine.authorize({ identity, action: 'read_resource', target })).allowed;
  };
}

/** What was asked for; undefined where nobody has to ask, which is the 2025 era's way. */
function wantedBy({ message }: Exchange): Readonly<Record<string, unknown>> | undefined {
  if (message?.method === 'subscriptions/listen') {
    const wanted = message.params?.['notifications'];
    return isRecord(wanted) ? wanted : {};
  }
  return message?.era === '2026' ? {} : undefined;
}

function isWanted(method: string, wanted: Readonly<Record<string, unknown>>): boolean {
  if (method === UPDATED) {
    const uris = wanted['resourceSubscriptions'];
    return Array.isArray(uris) && uris.length > 0;
  }
  const flag = FLAGS.get(method);
  return flag === undefined || wanted[flag] === true;
}
