/** What each action asks about: the resource's entity type and its fixed attributes. */
import type { AuthzAction, ListKind } from './request.ts';

interface Operation {
  readonly resourceType: 'Tool' | 'Prompt' | 'Resource';
  readonly operation: 'call' | 'get' | 'read';
  readonly feature: 'tool' | 'prompt' | 'resource';
}

export const OPERATIONS: Readonly<Record<AuthzAction, Operation>> = {
  call_tool: { resourceType: 'Tool', operation: 'call', feature: 'tool' },
  get_prompt: { resourceType: 'Prompt', operation: 'get', feature: 'prompt' },
  read_resource: { resourceType: 'Resource', operation: 'read', feature: 'resource' },
};

/** True for an action this package can judge. */
export function isAuthzAction(value: unknown): value is AuthzAction {
  return typeof value === 'string' && Object.hasOwn(OPERATIONS, value);
}

interface ListShape {
  /** The key of the array in the result. */
  readonly array: string;
  /** The key of an item that names it. */
  readonly name: 'name' | 'uri' | 'uriTemplate';
  readonly action: AuthzAction;
}

/** How each list is read and with which action its items are judged. */
export const LISTS: Readonly<Record<ListKind, ListShape>> = {
  tools: { array: 'tools', name: 'name', action: 'call_tool' },
  prompts: { array: 'prompts', name: 'name', action: 'get_prompt' },
  resources: { array: 'resources', name: 'uri', action: 'read_resource' },
  resource_templates: { array: 'resourceTemplates', name: 'uriTemplate', action: 'read_resource' },
};
