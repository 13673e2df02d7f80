/** What a policy is asked about a message: nothing, one thing, or one per subscribed resource. */

import type { PolicyRequest } from '../authorization.ts';
import { isRecord } from './json-rpc.ts';
import type { McpMessage } from './message.ts';
import type { MethodRule } from './methods.ts';

export type PolicyQuestion = Omit<PolicyRequest, 'identity' | 'hints'>;

/** The questions that all must be answered with yes. `readMessage` has checked the types. */
export function questionsOf(message: McpMessage, rule: MethodRule): readonly PolicyQuestion[] {
  const params = message.params ?? {};
  switch (rule.rule) {
    case 'allow':
    case 'list':
    case 'own-task':
    case 'deny':
      return [];
    case 'judge': {
      const question = { action: rule.action, target: String(params[rule.target]) };
      const args = params['arguments'];
      return [
        rule.target === 'name' && isRecord(args) ? { ...question, arguments: args } : question,
      ];
    }
    case 'judge-ref': {
      const ref = isRecord(params['ref']) ? params['ref'] : {};
      return ref['type'] === 'ref/prompt'
        ? [{ action: 'get_prompt', target: String(ref['name']) }]
        : [{ action: 'read_resource', target: String(ref['uri']), template: true }];
    }
    case 'judge-subscriptions': {
      const wanted = isRecord(params['notifications']) ? params['notifications'] : {};
      const uris = wanted['resourceSubscriptions'];
      if (!Array.isArray(uris)) return [];
      return uris.map((uri) => ({ action: 'read_resource', target: String(uri) }));
    }
  }
}
