/** Flags whose values have a shape of their own. Pure. */
import type { IssuerConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';

/** `token_use=access` → `{ token_use: 'access' }`. */
export function readRequiredClaims(
  texts: readonly string[],
): NonNullable<IssuerConfig['requiredClaims']> {
  const claims = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, at);
    if (at < 1 || at === text.length - 1) {
      throw usageError('--oidc-require-claim', `${JSON.stringify(text)} is not NAME=VALUE`);
    }
    if (claims.has(name)) {
      throw usageError('--oidc-require-claim', `names ${name} twice`, 'give it once');
    }
    claims.set(name, text.slice(at + 1));
  }
  return Object.fromEntries(claims);
}

/** A DNS label, as Kubernetes wants names of namespaces and service accounts. */
const PIN = /^([a-z0-9][a-z0-9.-]*)(?:\/([a-z0-9][a-z0-9.-]*))?$/;

/** `ai/agents` → `{ namespace: 'ai', name: 'agents' }`; `ai` alone means all of the namespace. */
export function readServiceAccounts(
  texts: readonly string[],
): NonNullable<IssuerConfig['serviceAccounts']> {
  return texts.map((text) => {
    const [, namespace, name] = PIN.exec(text) ?? [];
    if (namespace === undefined) {
      throw usageError(
        '--oidc-service-accounts',
        `${JSON.stringify(text)} is not NAMESPACE or NAMESPACE/NAME`,
      );
    }
    return { namespace, ...(name !== undefined && { name }) };
  });
}
