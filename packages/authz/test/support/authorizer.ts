/** Short ways to make authorizers and requests in tests. */
import { type AuthorizeRequest, type Authorizer, createAuthorizer } from '@thv/authz';
import { loadCedar } from '@thv/authz/node';

export const cedar = await loadCedar();

type CedarKeys = Record<string, unknown>;

/** The contents of an authorization file with these policies. */
export function configOf(policies: string | readonly string[], keys: CedarKeys = {}): unknown {
  const list = typeof policies === 'string' ? [policies] : policies;
  return { version: '1.0', type: 'cedarv1', cedar: { policies: list, ...keys } };
}

/** An authorizer with these policies. */
export function authorizerOf(
  policies: string | readonly string[],
  keys: CedarKeys = {},
  serverName = '',
): Authorizer {
  return createAuthorizer(configOf(policies, keys), { cedar, serverName });
}

/** A call of a tool by `Client::"u"`. */
export function call(
  target: string,
  args?: unknown,
  rest: Partial<AuthorizeRequest> & { claims?: Record<string, unknown> } = {},
): AuthorizeRequest {
  const { claims, ...more } = rest;
  return {
    identity: { subject: 'u', claims: { sub: 'u', ...claims } },
    action: 'call_tool',
    target,
    arguments: args,
    ...more,
  };
}
