/** The shape of an answer to "why?". */
import type { Context, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import type { Decision } from './request.ts';

/** A policy with the place it was read from. */
export interface ExplainedPolicy {
  readonly id: string;
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
  readonly source: string;
}

/** Why a request is allowed or denied. */
export interface Explanation {
  readonly decision: 'allow' | 'deny';
  /** The policies that determined the decision. */
  readonly policies: readonly ExplainedPolicy[];
  /** Policies that could not be evaluated. They are not among the near misses. */
  readonly errors: readonly {
    readonly policy: string;
    readonly message: string;
    /** The part of the condition that cannot be evaluated, as Cedar text, when that is known. */
    readonly part: string | undefined;
    /** What to change, when that is known. */
    readonly hint: string | undefined;
  }[];
  /** Policies that would have decided otherwise, had one thing been different. */
  readonly nearMisses: readonly { readonly id: string; readonly why: string }[];
  /** The request as Cedar sees it. */
  readonly request: {
    readonly principal: TypeAndId;
    readonly action: TypeAndId;
    readonly resource: TypeAndId;
    readonly context: Context;
  };
  /** The entities as Cedar sees them: those of the request, and the static ones above them. */
  readonly entities: readonly EntityJson[];
  /** The decision as `authorize` would have given it, under an id of its own. */
  readonly outcome: Decision;
}
