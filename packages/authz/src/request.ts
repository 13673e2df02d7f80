/** The questions an authorizer is asked and the answers it gives. */

/** Who is calling: what a validated token says. */
export interface AuthzIdentity {
  /** The principal: becomes `Client::"<subject>"`. */
  readonly subject: string;
  /** The token's claims, each readable in policies as `claim_<name>`. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly issuer?: string | undefined;
}

/** What a caller can be allowed to do. */
export type AuthzAction = 'call_tool' | 'get_prompt' | 'read_resource';

/** The MCP tool annotations that policies can read. Absent and `false` are different. */
export interface ToolHints {
  readonly readOnlyHint?: boolean | undefined;
  readonly destructiveHint?: boolean | undefined;
  readonly idempotentHint?: boolean | undefined;
  readonly openWorldHint?: boolean | undefined;
}

/** May this identity do this? */
export interface AuthorizeRequest {
  readonly identity: AuthzIdentity;
  readonly action: AuthzAction;
  /** The tool or prompt name, or the resource URI, exactly as the server will get it. */
  readonly target: string;
  /** `params.arguments` of the call; only a JSON object has an effect. */
  readonly arguments?: unknown;
  /** The tool's annotations as its server lists them, never what the caller says. */
  readonly hints?: ToolHints | undefined;
  /** True when `target` is the text of a resource template. */
  readonly template?: boolean | undefined;
}

/** A policy that could not be evaluated, or a request that could not be judged. */
export interface PolicyError {
  /** The policy's id; empty when the request itself could not be judged. */
  readonly policy: string;
  readonly message: string;
}

/** The answer to an {@link AuthorizeRequest}. */
export interface Decision {
  readonly allowed: boolean;
  /** 128 random bits in hex, to find the decision in the audit log. */
  readonly id: string;
  /** Ids of the policies that determined the answer; empty for a deny by default. */
  readonly policies: readonly string[];
  readonly errors: readonly PolicyError[];
}

/** The kinds of list an MCP server answers. */
export type ListKind = 'tools' | 'prompts' | 'resources' | 'resource_templates';

/** Whose list is to be filtered. */
export interface ListRequest {
  readonly identity: AuthzIdentity;
  readonly list: ListKind;
}

/** A list result reduced to what the identity may use, or the reason why it could not be read. */
export type FilteredList =
  | {
      readonly ok: true;
      /** Indices of the items that stay, in order. */
      readonly kept: readonly number[];
      readonly dropped: number;
      /** The same result object: its array filtered, `cacheScope` made private when present. */
      readonly result: Record<string, unknown>;
      /** Ids of the policies that determined about the items, those that stay and the others. */
      readonly policies: readonly string[];
      readonly errors: readonly PolicyError[];
    }
  | { readonly ok: false; readonly reason: string };
