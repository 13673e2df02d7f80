/** Tasks: how a call asks for one, and where its answer names it, in both eras. */

import { isRecord } from './json-rpc.ts';
import type { McpMessage } from './message.ts';

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const EXTENSION = 'io.modelcontextprotocol/tasks';

/**
 * True when the answer to a call may be a task instead of a result: 2025-11-25 asks for it in
 * `params.task`, 2026-07-28 offers it as an extension.
 */
export function mayBeginTask({ kind, method, era, params }: McpMessage): boolean {
  if (kind !== 'request' || method !== 'tools/call') return false;
  if (era === '2025') return isRecord(params?.['task']);
  const meta = params?.['_meta'];
  const capabilities = isRecord(meta) ? meta[CAPABILITIES] : undefined;
  const extensions = isRecord(capabilities) ? capabilities['extensions'] : undefined;
  return isRecord(extensions) && Object.hasOwn(extensions, EXTENSION);
}

const RELATED = 'io.modelcontextprotocol/related-task';

/**
 * The ids of tasks that a request is about, whatever stands there: that which it asks for, and that of
 * which it says that it is part. What a server asks back meanwhile, it asks the creator of the latter.
 */
export function tasksOf(
  { kind, params }: Pick<McpMessage, 'kind' | 'params'>,
  asksForTask: boolean,
): readonly unknown[] {
  const ids = asksForTask ? [params?.['taskId']] : [];
  const meta = params?.['_meta'];
  if (kind !== 'request' || !isRecord(meta) || !Object.hasOwn(meta, RELATED)) return ids;
  const related = meta[RELATED];
  return [...ids, isRecord(related) ? related['taskId'] : undefined];
}

/** The task that the result of a call names: `task.taskId`, or `taskId` where it says it is a task. */
export function taskOf(result: unknown): string | undefined {
  if (!isRecord(result)) return undefined;
  const task = result['resultType'] === 'task' ? result : result['task'];
  const taskId = isRecord(task) ? task['taskId'] : undefined;
  return typeof taskId === 'string' ? taskId : undefined;
}
