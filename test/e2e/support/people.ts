/** Who signs in, and with what: a provider, a few people, and good and bad tokens for them. */
import { type DevIdp, startDevIdp, type TokenRequest } from '@thv/cli/dev-idp';
import type { Stage } from './stage.ts';

/** The audience that every protected server of these tests expects. */
export const AUDIENCE = 'e2e-server';

/** May call `admin_tool` by name. Carries no roles at all. */
export const ALICE = { sub: 'alice123' } as const;
/** May call everything. */
export const PAULA = { sub: 'paula', claims: { roles: ['premium'] } } as const;
/** Nobody in particular. */
export const BOB = { sub: 'bob', claims: { roles: ['standard'] } } as const;

/** Starts a provider that ends with the file. */
export async function startIdp(stage: Stage, port = 0): Promise<DevIdp> {
  const idp = await startDevIdp({ port });
  stage.defer(() => idp.close());
  return idp;
}

/** The flags that make `thv run` accept the provider's tokens. */
export function signInFlags({ issuer }: Pick<DevIdp, 'issuer'>): string[] {
  return ['--oidc-issuer', issuer, '--oidc-audience', AUDIENCE];
}

/** A good token, unless the request says otherwise. */
export function tokenFor(idp: DevIdp, person: TokenRequest): Promise<string> {
  return idp.issueToken({ aud: AUDIENCE, ...person });
}

/** The same token with one letter of its signature changed. */
export function tamper(token: string): string {
  const at = token.lastIndexOf('.') + 10;
  const other = token[at] === 'A' ? 'B' : 'A';
  return `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
}
