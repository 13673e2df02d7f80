/** Decides whether the scope of a policy matches a request, from its JSON form. */
import type { PolicyJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { keyOfUid, plainUid } from './entity-uid.ts';

/** What a scope asks of one variable. All that is given must hold. */
export interface Constraint {
  readonly equals: string | undefined;
  readonly type: string | undefined;
  /** Any of these must be the entity or above it. */
  readonly within: readonly Above[] | undefined;
}

/** An entity that another may be in. */
export interface Above {
  readonly uid: TypeAndId;
  readonly key: string;
}

/** The scope of a policy. */
export interface Scope {
  readonly principal: Constraint;
  readonly action: Constraint;
  readonly resource: Constraint;
}

/** What a constraint is checked against. */
export interface Placed {
  readonly uid: TypeAndId;
  readonly key: string;
  readonly ancestors: ReadonlySet<string>;
}

/** Reads the scope of a policy without slots. */
export function toScope(policy: PolicyJson): Scope {
  return {
    principal: toConstraint(policy.principal),
    action: toConstraint(policy.action),
    resource: toConstraint(policy.resource),
  };
}

/** True when the constraint holds for the entity. */
export function isMet(constraint: Constraint, entity: Placed): boolean {
  const { equals, type, within } = constraint;
  return (
    (equals === undefined || equals === entity.key) &&
    (type === undefined || type === entity.uid.type) &&
    (within === undefined || within.some(({ key }) => isWithin(entity, key)))
  );
}

/** True when the entity is the target or below it. */
export function isWithin(entity: Placed, target: string): boolean {
  return entity.key === target || entity.ancestors.has(target);
}

type AnyConstraint = PolicyJson['principal'] | PolicyJson['action'] | PolicyJson['resource'];

function toConstraint(constraint: AnyConstraint): Constraint {
  switch (constraint.op) {
    case 'All':
      return { equals: undefined, type: undefined, within: undefined };
    case '==':
      return { equals: keyOfUid(entityOf(constraint)), type: undefined, within: undefined };
    case 'in': {
      const within =
        'entities' in constraint ? constraint.entities.map(plainUid) : [entityOf(constraint)];
      return { equals: undefined, type: undefined, within: within.map(toAbove) };
    }
    case 'is': {
      const within = constraint.in === undefined ? undefined : [toAbove(entityOf(constraint.in))];
      return { equals: undefined, type: constraint.entity_type, within };
    }
    default:
      throw new TypeError(`unknown scope constraint ${String(constraint satisfies never)}`);
  }
}

/** The entity with its key. */
export function toAbove(uid: TypeAndId): Above {
  return { uid, key: keyOfUid(uid) };
}

function entityOf(constraint: object): TypeAndId {
  // Policies with slots are refused at load, so every constraint names an entity.
  const { entity } = constraint as { entity: TypeAndId | { __entity: TypeAndId } };
  return plainUid(entity);
}
