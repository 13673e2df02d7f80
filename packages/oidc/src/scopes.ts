/** Scopes of a token, wherever a provider puts them, and whether they suffice (RFC 6750 §3.1). */

/** RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ). */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Which scopes a scope includes, for example `{ 'mcp:admin': ['mcp:write', 'mcp:read'] }`. */
export type ScopeImplications = Readonly<Record<string, readonly string[]>>;

/** True for a single scope that may stand in a challenge. */
export function isScopeToken(value: unknown): value is string {
  return typeof value === 'string' && SCOPE_TOKEN.test(value);
}

/**
 * The scopes of a claim set: `scope` (RFC 8693 §4.2, a space-separated string), `scp` (a string
 * from Entra ID, an array from Okta) and `scopes`, each as string or array; duplicates removed.
 */
export function readScopes(claims: Readonly<Record<string, unknown>>): readonly string[] {
  const found = new Set<string>();
  for (const name of ['scope', 'scp', 'scopes']) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    const items = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
    for (const item of items) if (isScopeToken(item)) found.add(item);
  }
  return Object.freeze([...found]);
}

/** Adds everything the granted scopes imply, following chains and tolerating cycles. */
export function expandScopes(
  granted: readonly string[],
  implies: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const all = new Set(granted);
  // A Set visits members that are added while it is iterated.
  for (const scope of all) for (const implied of implies.get(scope) ?? []) all.add(implied);
  return all;
}
