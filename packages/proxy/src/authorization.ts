/** What the proxy needs of an authorizer; `@thv/authz` fits, and so does one of your own. */

import type { Identity } from '@thv/oidc';
import type { ListKind, PolicyAction } from './mcp/methods.ts';

/** What a server says about a tool; absent means unknown, not false. */
export interface ToolHints {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

/** One question to the policy. */
export interface PolicyRequest {
  readonly identity: Identity;
  readonly action: PolicyAction;
  /** Tool or prompt name, or resource URI, exactly as in the message. */
  readonly target: string;
  readonly arguments?: unknown;
  readonly hints?: ToolHints;
  /** True when the target is a resource template, not a resource (D28). */
  readonly template?: boolean;
}

/** The answer: who decided goes to the operator, never to the caller. */
export interface PolicyDecision {
  readonly allowed: boolean;
  /** Correlates what the caller sees with what the operator sees. */
  readonly id: string;
  readonly policies: readonly string[];
  readonly errors: readonly { readonly policy: string; readonly message: string }[];
}

export type FilterResult =
  | {
      readonly ok: true /** Indices that stay, ascending. */;
      readonly kept: readonly number[] | 'all';
    }
  | { readonly ok: false; readonly reason: string };

/** Decides requests and filters lists. Must deny, not throw, when it cannot decide. */
export interface PolicyEngine {
  authorize(request: PolicyRequest): PolicyDecision | Promise<PolicyDecision>;
  filterList(
    request: { readonly identity: Identity; readonly list: ListKind },
    result: unknown,
  ): FilterResult | Promise<FilterResult>;
  /** True while some policy reads tool hints, which the proxy then has to know (D30). */
  readonly readsHints: boolean;
}
