/** Which claims a policy decision point gets, and under which names. */
import type { ClaimMapping } from './http-config.ts';

type Names = readonly (readonly [name: string, sources: readonly string[]])[];

const MAPPINGS: Readonly<Record<ClaimMapping, Names>> = {
  mpe: [
    ['sub', ['sub']],
    ['mroles', ['mroles', 'roles']],
    ['mgroups', ['mgroups', 'groups']],
    ['scopes', ['scopes', 'scope']],
    ['mclearance', ['mclearance', 'clearance']],
    ['mannotations', ['mannotations', 'annotations']],
  ],
  standard: [
    ['sub', ['sub']],
    ['roles', ['roles']],
    ['groups', ['groups']],
    ['scopes', ['scopes', 'scope']],
  ],
};

/** The claims under the names of the mapping; all others are left out. */
export function mapClaims(
  claims: Readonly<Record<string, unknown>>,
  mapping: ClaimMapping,
): Readonly<Record<string, unknown>> {
  const mapped: Record<string, unknown> = {};
  for (const [name, sources] of MAPPINGS[mapping]) {
    const source = sources.find((key) => Object.hasOwn(claims, key));
    if (source !== undefined) {
      mapped[name] = claims[source];
    } else if (name === 'mannotations') {
      mapped[name] = {};
    }
  }
  return mapped;
}
