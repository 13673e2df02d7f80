/**
 * Finds the rules whose scope matches a request without looking at all of them. A rule whose scope
 * does not match cannot be satisfied and cannot fail, so leaving it out changes nothing.
 */
import { keyOfUid } from './entity-uid.ts';
import type { Rule } from './rules.ts';
import { type Above, isMet, type Placed, type Scope, toScope } from './scope.ts';

/** A rule with its scope. */
export interface IndexedRule {
  readonly rule: Rule;
  readonly scope: Scope;
  /**
   * Rules of one kind are evaluated together. Those that name one principal or one resource are
   * kept apart, so that the many others share their prepared sets and cached findings.
   */
  readonly kind: number;
}

/** Rules that can apply to one action. */
export interface PolicyIndex {
  /** All conditional rules for this action. */
  readonly conditional: readonly IndexedRule[];
  /** True when some scope names the resource itself. */
  names(resource: string): boolean;
  /** The rules whose scope asks nothing of principal and resource beyond their types, in order. */
  readonly open: readonly IndexedRule[];
  /** The others whose scope matches, in any order. */
  select(principal: Placed, resource: Placed): readonly IndexedRule[];
}

/** What is known about requests with one action before they come. */
export interface ActionFacts {
  readonly action: Placed;
  readonly principalType: string;
  readonly resourceType: string;
}

/** Indexes the rules that can apply to an action. */
export function createPolicyIndex(rules: readonly Rule[], facts: ActionFacts): PolicyIndex {
  const open: IndexedRule[] = [];
  const byPrincipal = new Map<string, IndexedRule[]>();
  const byResource = new Map<string, IndexedRule[]>();
  const underPrincipal = new Map<string, IndexedRule[]>();
  const underResource = new Map<string, IndexedRule[]>();
  const all: IndexedRule[] = [];

  for (const rule of rules) {
    const scope = toScope(rule.policy.json);
    if (!isMet(scope.action, facts.action) || !canMatch(scope, facts)) {
      continue;
    }
    const { principal, resource } = scope;
    const kind = kindOf(scope);
    const indexed = { rule, scope, kind };
    all.push(indexed);
    if (principal.equals !== undefined) {
      add(byPrincipal, [principal.equals], indexed);
    } else if (resource.equals !== undefined) {
      add(byResource, [resource.equals], indexed);
    } else if (principal.within !== undefined) {
      add(underPrincipal, keysOf(principal.within), indexed);
    } else if (resource.within !== undefined) {
      add(underResource, keysOf(resource.within), indexed);
    } else {
      open.push(indexed);
    }
  }

  // A resource is also `in` itself.
  const named = new Set(
    all.flatMap(({ scope: { resource } }) => [resource.equals, ...keysOf(resource.within ?? [])]),
  );
  return {
    conditional: all.filter(({ rule }) => rule.condition !== undefined),
    names: (resource) => named.has(resource),
    open,
    select: (principal, resource) => {
      const found: IndexedRule[] = [];
      const collect = (rules: readonly IndexedRule[] = []): void => {
        for (const rule of rules) {
          if (isMet(rule.scope.principal, principal) && isMet(rule.scope.resource, resource)) {
            found.push(rule);
          }
        }
      };
      collect(byPrincipal.get(principal.key));
      collect(byResource.get(resource.key));
      lookUp(underPrincipal, principal, collect);
      lookUp(underResource, resource, collect);
      return found;
    },
  };
}

function keysOf(within: readonly Above[]): readonly string[] {
  return within.map(({ key }) => key);
}

function kindOf(scope: Scope): number {
  return (
    (scope.principal.equals === undefined ? 0 : 1) + (scope.resource.equals === undefined ? 0 : 2)
  );
}

/** False when the types alone exclude a match. */
function canMatch(scope: Scope, facts: ActionFacts): boolean {
  const fits = (constraint: Scope['principal'], type: string): boolean =>
    (constraint.type === undefined || constraint.type === type) &&
    (constraint.equals === undefined || constraint.equals.startsWith(keyOfUid({ type, id: '' })));
  return fits(scope.principal, facts.principalType) && fits(scope.resource, facts.resourceType);
}

function add(index: Map<string, IndexedRule[]>, keys: readonly string[], rule: IndexedRule): void {
  for (const key of keys) {
    const found = index.get(key);
    if (found === undefined) {
      index.set(key, [rule]);
    } else {
      found.push(rule);
    }
  }
}

function lookUp(
  index: ReadonlyMap<string, IndexedRule[]>,
  { key, ancestors }: Placed,
  collect: (rules: readonly IndexedRule[] | undefined) => void,
): void {
  collect(index.get(key));
  if (index.size < ancestors.size) {
    // `forEach` makes no object per entry.
    index.forEach((rules, target) => {
      if (target !== key && ancestors.has(target)) {
        collect(rules);
      }
    });
    return;
  }
  for (const ancestor of ancestors) {
    collect(index.get(ancestor));
  }
}
