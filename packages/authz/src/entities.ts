/** The three entities of a request and its context (D25, D27). */
import type { CedarValueJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { toArgumentAttributes } from './arguments.ts';
import type { ClaimName } from './claims.ts';
import type { CedarOptions } from './config.ts';
import { keyOfUid } from './entity-uid.ts';
import { AuthzError } from './errors.ts';
import type { Hierarchy } from './hierarchy.ts';
import { toHintAttributes } from './hints.ts';
import { OPERATIONS } from './operations.ts';
import type { AuthorizeRequest, AuthzAction } from './request.ts';
import type { Placed } from './scope.ts';
import type { StaticEntities } from './static-entities.ts';
import { assertUnicode, type CedarRecord, createRecord } from './values.ts';

/** An entity of a request, static knowledge included. */
export interface RequestEntity extends Placed {
  readonly attrs: CedarRecord;
  readonly parents: readonly TypeAndId[];
  readonly tags: Readonly<Record<string, CedarValueJson>> | undefined;
}

/** What entities are built with: the options of the file, the server, the static entities. */
export interface EntityOptions {
  readonly cedar: CedarOptions;
  readonly serverName: string;
  readonly statics: StaticEntities;
  readonly hierarchy: Hierarchy;
}

/** The principal and its claims, which are also part of the context. Built by `caller.ts`. */
export interface RequestPrincipal extends RequestEntity {
  /** All claims as attributes. */
  readonly claims: CedarRecord;
  /** One of `claims`, which are also among `attrs`. */
  claim(name: ClaimName): CedarValueJson | undefined;
  /** One of the other `attrs`. */
  staticAttribute(name: string): CedarValueJson | undefined;
  /** The same principal at another place. */
  withAncestors(ancestors: ReadonlySet<string>): RequestPrincipal;
}

/** The resource and the call arguments, which are also part of the context. */
export interface RequestResource extends RequestEntity {
  readonly args: CedarRecord;
}

/** Builds `Action::"<action>"`. */
export function buildAction(action: AuthzAction, options: EntityOptions): RequestEntity {
  const attrs = createRecord();
  attrs['operation'] = action;
  return mergeStatic({ uid: { type: 'Action', id: action }, attrs, parents: [] }, options);
}

/** Builds the tool, prompt or resource. */
export function buildResource(
  request: Omit<AuthorizeRequest, 'identity'>,
  options: EntityOptions,
): RequestResource {
  const { target, action } = request;
  if (typeof target !== 'string') {
    throw new AuthzError('ERR_AUTHZ_REQUEST', 'the target is not a string');
  }
  const { resourceType, operation, feature } = OPERATIONS[action];
  const id = assertUnicode(target);
  const args =
    action === 'read_resource'
      ? createRecord()
      : toArgumentAttributes(request.arguments, options.cedar.numbers);
  const attrs = createRecord();
  if (action === 'call_tool') {
    Object.assign(attrs, toHintAttributes(request.hints));
  }
  Object.assign(attrs, args, { name: id, operation, feature });
  if (action === 'read_resource') {
    attrs['uri'] = id;
  }
  if (request.template === true) {
    attrs['template'] = true;
  }
  const parents = options.serverName === '' ? [] : [{ type: 'MCP', id: options.serverName }];
  const entity = { uid: { type: resourceType, id }, attrs, parents };
  return { ...mergeStatic(entity, options), args };
}

/**
 * The two with what is above them through each other: a static entity may have the principal or the
 * resource above it, and what is above those is known only now.
 */
export function placeTogether(principal: RequestPrincipal, resource: RequestResource): Pair {
  const under = resource.ancestors.has(principal.key);
  const over = principal.ancestors.has(resource.key);
  if (under && over) {
    throw new AuthzError('ERR_AUTHZ_REQUEST', 'principal and resource are above each other');
  }
  return {
    principal: over ? principal.withAncestors(joinAncestors(principal, resource)) : principal,
    resource: under ? { ...resource, ancestors: joinAncestors(resource, principal) } : resource,
  };
}

interface Pair {
  readonly principal: RequestPrincipal;
  readonly resource: RequestResource;
}

function joinAncestors(lower: RequestEntity, upper: RequestEntity): ReadonlySet<string> {
  const ancestors = new Set([...lower.ancestors, ...upper.ancestors]);
  assertNotAbove(ancestors, lower.key, lower.uid);
  return ancestors;
}

/**
 * Refuses an entity above itself.
 *
 * @throws {AuthzError} `ERR_AUTHZ_REQUEST`.
 */
export function assertNotAbove(
  ancestors: ReadonlySet<string>,
  key: string,
  { type }: TypeAndId,
): void {
  if (ancestors.has(key)) {
    throw new AuthzError('ERR_AUTHZ_REQUEST', `${type} is its own ancestor`);
  }
}

const RESOURCE_NAMES: ReadonlySet<string> = new Set([
  'name',
  'uri',
  'operation',
  'feature',
  'template',
]);

/** True when the attribute always comes from the request, never from a static entity (D25). */
export function isRequestAttribute(entityType: string, name: string): boolean {
  if (/^(?:claim|claimset|arg)_/.test(name)) {
    return true;
  }
  return entityType === 'Action'
    ? name === 'operation'
    : entityType !== 'Client' && RESOURCE_NAMES.has(name);
}

type PlainEntity = Omit<RequestEntity, 'tags' | 'key' | 'ancestors'>;

function mergeStatic(entity: PlainEntity, options: EntityOptions): RequestEntity {
  const { statics, hierarchy } = options;
  const key = keyOfUid(entity.uid);
  const found = statics.get(key);
  const parents = found === undefined ? entity.parents : [...entity.parents, ...found.parents];
  const ancestors = hierarchy.above(parents.map(keyOfUid));
  assertNotAbove(ancestors, key, entity.uid);
  if (found === undefined) {
    return { ...entity, key, ancestors, tags: undefined };
  }
  const attrs = Object.assign(createRecord(), entity.attrs);
  for (const [name, value] of Object.entries(found.attrs)) {
    if (!isRequestAttribute(entity.uid.type, name)) {
      attrs[name] = value;
    }
  }
  return { ...entity, key, ancestors, attrs, parents, tags: found.tags };
}
