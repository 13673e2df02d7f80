/** The entity type of groups, which is put into policies by name. */
import type { Cedar } from './cedar.ts';
import type { ConfigSource } from './config-reader.ts';
import { AuthzError } from './errors.ts';

/**
 * Makes sure that policies can name the type.
 *
 * @throws {AuthzError} `ERR_AUTHZ_CONFIG`.
 */
export function assertGroupType(cedar: Cedar, type: string, source: ConfigSource): void {
  let problem: string | undefined;
  if (type.includes('::')) {
    problem = 'namespaced entity types are not supported';
  } else if (!/^\w+$/.test(type) || !parsesAsType(cedar, type)) {
    problem = 'it is not a Cedar entity type';
  }
  if (problem !== undefined) {
    throw new AuthzError('ERR_AUTHZ_CONFIG', `"cedar.group_entity_type" is "${type}": ${problem}`, {
      location: { file: source.file, ...source.locate?.(['cedar', 'group_entity_type']) },
    });
  }
}

function parsesAsType(cedar: Cedar, type: string): boolean {
  const answer = cedar.policyToJson(`permit(principal in ${type}::"x", action, resource);`);
  return answer.type === 'success';
}
