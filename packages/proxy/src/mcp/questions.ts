/** What a policy is asked about a message: nothing, one thing, or one per subscribed resource. */

import type { Identity } from '@thv/oidc';
import type { PolicyRequest } from '../authorization.ts';
import { isRecord } from './json-rpc.ts';
import type { McpMessage } from './message.ts';
import type { MethodRule } from './methods.ts';

/** The questions that all must be answered with yes. `readMessage` has checked the types. */
export function questionsOf(
  message: McpMessage,
  rule: MethodRule,
  identity: Identity,
): readonly PolicyRequest[] {
  const params = message.params ?? {};
  switch (rule.rule) {
    case 'allow':
    case 'list':
    case 'own-task':
    case 'deny':
      return [];
    case 'judge': {
      const { action } = rule;
      const target = String(params[rule.target]);
      const args = params['arguments'];
      const hasArguments = rule.target === 'name' && isRecord(args);
      return [
        hasArguments ? { identity, action, target, arguments: args } : { identity, action, target },
      ];
    }
    case 'judge-ref': {
      const ref = isRecord(params['ref']) ? params['ref'] : {};
      return ref['type'] === 'ref/prompt'
        ? [{ identity, action: 'get_prompt', target: String(ref['name']) }]
        : [{ identity, action: 'read_resource', target: String(ref['uri']), template: true }];
    }
    case 'judge-subscriptions': {
      const wanted = isRecord(params['notifications']) ? params['notifications'] : {};
      const uris = wanted['resourceSubscriptions'];
      if (!Array.isArray(uris)) return [];
      return uris.map((uri) => ({ identity, action: 'read_resource', target: String(uri) }));
    }
  }
}
