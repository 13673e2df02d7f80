/** What every MCP method needs before it may reach the upstream (D7). One table, nothing else. */

import type { Era } from './era.ts';

export type ListKind = 'tools' | 'prompts' | 'resources' | 'resource_templates';
/** Everything that is filtered on its way to the client: by policy, and tasks by who created them. */
export type FilteredList = ListKind | 'tasks';
export type PolicyAction = 'call_tool' | 'get_prompt' | 'read_resource';

export type MethodRule =
  /** Forwarded for every authenticated caller. */
  | { readonly rule: 'allow' }
  /** Forwarded; the answer is filtered to what the caller may use. */
  | { readonly rule: 'list'; readonly list: FilteredList }
  /** Judged by policy; the target is this string member of `params`. */
  | { readonly rule: 'judge'; readonly action: PolicyAction; readonly target: 'name' | 'uri' }
  /** `completion/complete`: judged by what its `ref` points to. */
  | { readonly rule: 'judge-ref' }
  /** `subscriptions/listen`: every resource URI is judged. */
  | { readonly rule: 'judge-subscriptions' }
  /** Allowed for the identity that created the task. */
  | { readonly rule: 'own-task' }
  /** Known, and never allowed from a client. */
  | { readonly rule: 'deny' };

const ALLOW: MethodRule = { rule: 'allow' };
const DENY: MethodRule = { rule: 'deny' };
const OWN_TASK: MethodRule = { rule: 'own-task' };
const list = (kind: FilteredList): MethodRule => ({ rule: 'list', list: kind });
const judge = (action: PolicyAction, target: 'name' | 'uri'): MethodRule => ({
  rule: 'judge',
  action,
  target,
});

const REQUESTS: ReadonlyMap<string, MethodRule> = new Map([
  ['initialize', ALLOW],
  ['ping', ALLOW],
  ['server/discover', ALLOW],
  ['logging/setLevel', ALLOW],
  ['roots/list', ALLOW],
  ['tools/list', list('tools')],
  ['prompts/list', list('prompts')],
  ['resources/list', list('resources')],
  ['resources/templates/list', list('resource_templates')],
  ['tools/call', judge('call_tool', 'name')],
  ['prompts/get', judge('get_prompt', 'name')],
  ['resources/read', judge('read_resource', 'uri')],
  ['resources/subscribe', judge('read_resource', 'uri')],
  ['resources/unsubscribe', judge('read_resource', 'uri')],
  ['completion/complete', { rule: 'judge-ref' }],
  ['subscriptions/listen', { rule: 'judge-subscriptions' }],
  ['tasks/list', list('tasks')],
  ['tasks/get', OWN_TASK],
  ['tasks/result', OWN_TASK],
  ['tasks/cancel', OWN_TASK],
  ['tasks/update', OWN_TASK],
  ['elicitation/create', DENY],
  ['sampling/createMessage', DENY],
]);

/** What the 2026 era has done away with; its schema names none of them. */
const REMOVED_2026: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

const BOTH_ERAS = [
  'notifications/cancelled',
  'notifications/message',
  'notifications/progress',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/tools/list_changed',
];

const NOTIFICATIONS: Readonly<Record<Era, ReadonlySet<string>>> = {
  '2025': new Set([
    ...BOTH_ERAS,
    'notifications/initialized',
    'notifications/roots/list_changed',
    'notifications/elicitation/complete',
    'notifications/tasks/status',
  ]),
  '2026': new Set([...BOTH_ERAS, 'notifications/subscriptions/acknowledged']),
};

/** The rule of a method; undefined when the method is unknown, which never reaches an upstream. */
export function ruleOf(method: string, era: Era): MethodRule | undefined {
  if (method.startsWith('notifications/'))
    return NOTIFICATIONS[era].has(method) ? ALLOW : undefined;
  return era === '2026' && REMOVED_2026.has(method) ? undefined : REQUESTS.get(method);
}
