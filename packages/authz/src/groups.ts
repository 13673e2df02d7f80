/** Which groups and roles a token puts its principal in. */
import type { CedarOptions } from './config.ts';
import { isRecord } from './config-reader.ts';
import { assertUnicode } from './values.ts';

const WELL_KNOWN = ['groups', 'roles', 'cognito:groups'] as const;

/**
 * The group names in a token; a name may come twice.
 *
 * The configured group claim comes first; when it is absent or not a list, the first well-known
 * claim that is a list. The role claim is added to either. An empty list counts as an answer.
 */
export function extractGroups(
  claims: Readonly<Record<string, unknown>>,
  options: Pick<CedarOptions, 'groupClaimName' | 'roleClaimName'>,
): readonly string[] {
  const { groupClaimName, roleClaimName } = options;
  const configured = groupClaimName === undefined ? undefined : namesAt(claims, groupClaimName);
  const groups = configured ?? wellKnownGroups(claims);
  const roles = roleClaimName === undefined ? [] : (namesAt(claims, roleClaimName) ?? []);
  return roles.length === 0 ? groups : [...groups, ...roles];
}

function wellKnownGroups(claims: Readonly<Record<string, unknown>>): readonly string[] {
  for (const source of WELL_KNOWN) {
    const found = namesAt(claims, source);
    if (found !== undefined) {
      return found;
    }
  }
  return [];
}

/** The list at a claim name: the exact key first, else a dotted path through objects. */
function namesAt(
  claims: Readonly<Record<string, unknown>>,
  name: string,
): readonly string[] | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : valueAtPath(claims, name.split('.'));
  return Array.isArray(value)
    ? value.filter((element) => typeof element === 'string').map(assertUnicode)
    : undefined;
}

function valueAtPath(claims: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const part of path) {
    if (part === '' || !isRecord(value) || !Object.hasOwn(value, part)) {
      return undefined;
    }
    value = value[part];
  }
  return value;
}
