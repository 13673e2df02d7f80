/**
 * The principal of a request. A token says much that no policy reads, and most callers ask little:
 * claims are looked at for validity at once, and converted one by one when they are read.
 */
import type { CedarValueJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { type ClaimName, readClaim, toClaimAttributes } from './claims.ts';
import {
  assertNotAbove,
  type EntityOptions,
  isRequestAttribute,
  type RequestPrincipal,
} from './entities.ts';
import { keyOfUid } from './entity-uid.ts';
import { AuthzError } from './errors.ts';
import { extractGroups } from './groups.ts';
import type { AuthzIdentity } from './request.ts';
import type { StaticEntity } from './static-entities.ts';
import { assertUnicode, assertUnicodeValue, type CedarRecord, createRecord } from './values.ts';

const TYPE = 'Client';

/**
 * Builds `Client::"<subject>"`.
 *
 * @throws {AuthzError} `ERR_AUTHZ_REQUEST` for an identity that cannot be judged.
 */
export function buildPrincipal(
  { subject, claims }: AuthzIdentity,
  options: EntityOptions,
): RequestPrincipal {
  if (typeof subject !== 'string' || subject === '') {
    throw new AuthzError('ERR_AUTHZ_REQUEST', 'the identity has no subject');
  }
  assertUnicodeValue(claims);
  const { cedar, statics, hierarchy } = options;
  const uid = { type: TYPE, id: assertUnicode(subject) };
  const key = keyOfUid(uid);
  const known = statics.get(key);
  const groups = extractGroups(claims, cedar);
  const above = groups.map((id) => keyOfUid({ type: cedar.groupEntityType, id }));
  for (const parent of known?.parents ?? []) {
    above.push(keyOfUid(parent));
  }
  const ancestors = hierarchy.above(above);
  assertNotAbove(ancestors, key, uid);
  return new Caller({ uid, key, claims, groups, known, options }, ancestors);
}

interface Source {
  readonly uid: TypeAndId;
  readonly key: string;
  readonly claims: AuthzIdentity['claims'];
  readonly groups: readonly string[];
  /** The static entity of the same uid. */
  readonly known: StaticEntity | undefined;
  readonly options: EntityOptions;
}

class Caller implements RequestPrincipal {
  readonly uid: TypeAndId;
  readonly key: string;
  readonly ancestors: ReadonlySet<string>;
  readonly #source: Source;

  constructor(source: Source, ancestors: ReadonlySet<string>) {
    this.uid = source.uid;
    this.key = source.key;
    this.ancestors = ancestors;
    this.#source = source;
  }

  get claims(): CedarRecord {
    return toClaimAttributes(this.#source.claims, this.#source.options.cedar);
  }

  get attrs(): CedarRecord {
    const attrs = Object.assign(createRecord(), this.claims);
    for (const [name, value] of Object.entries(this.#source.known?.attrs ?? {})) {
      if (!isRequestAttribute(TYPE, name)) {
        attrs[name] = value;
      }
    }
    return attrs;
  }

  get parents(): readonly TypeAndId[] {
    const { groups, options, known } = this.#source;
    const type = options.cedar.groupEntityType;
    return [...[...new Set(groups)].map((id) => ({ type, id })), ...(known?.parents ?? [])];
  }

  get tags(): StaticEntity['tags'] {
    return this.#source.known?.tags;
  }

  claim(name: ClaimName): CedarValueJson | undefined {
    return readClaim(this.#source.claims, name, this.#source.options.cedar);
  }

  staticAttribute(name: string): CedarValueJson | undefined {
    const attrs = this.#source.known?.attrs;
    return attrs !== undefined && Object.hasOwn(attrs, name) && !isRequestAttribute(TYPE, name)
      ? attrs[name]
      : undefined;
  }

  withAncestors(ancestors: ReadonlySet<string>): RequestPrincipal {
    return new Caller(this.#source, ancestors);
  }
}
