/**
 * What is known about callers. A principal is built once per claims object, and with it stand the
 * plans for the targets it has asked for; both go when the claims object goes, and plans also when
 * there are too many.
 */
import { buildPrincipal } from './caller.ts';
import type { Plan } from './engine.ts';
import type { EntityOptions, RequestPrincipal, RequestResource } from './entities.ts';
import { AuthzError } from './errors.ts';
import type { AuthzIdentity } from './request.ts';

/** A principal with its plans. */
export interface KnownPrincipal {
  readonly subject: string;
  readonly entity: RequestPrincipal;
  readonly plans: ReadonlyMap<RequestResource, Plan>;
}

/** Finds principals. */
export interface Principals {
  of(identity: AuthzIdentity): KnownPrincipal;
  /** Keeps a plan with its principal. */
  keep(principal: KnownPrincipal, plan: Plan): void;
}

type Plans = Map<RequestResource, Plan>;

const MAX_PLANS = 4_000;

/** Creates a store of principals. */
export function createPrincipals(options: EntityOptions): Principals {
  const known = new WeakMap<object, KnownPrincipal & { readonly plans: Plans }>();
  // Two generations of what has plans: when the young one is full, the old one loses its plans.
  // They hold nothing else of a principal, which may be gone before.
  let young = new Set<Plans>();
  let old = new Set<Plans>();
  let count = 0;

  return {
    of: (identity) => {
      const { subject, claims } = identity;
      if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
        throw new AuthzError('ERR_AUTHZ_REQUEST', 'the identity has no claims');
      }
      const found = known.get(claims);
      if (found !== undefined && found.subject === subject) {
        return found;
      }
      const entity = buildPrincipal(identity, options);
      const principal = { subject, entity, plans: new Map<RequestResource, Plan>() };
      known.set(claims, principal);
      return principal;
    },
    keep: (principal, plan) => {
      if (count >= MAX_PLANS / 2) {
        for (const aged of old) {
          if (!young.has(aged)) {
            aged.clear();
          }
        }
        old = young;
        young = new Set();
        count = 0;
      }
      // All principals come from `of`.
      const plans = principal.plans as Plans;
      young.add(plans.set(plan.resource, plan));
      count += 1;
    },
  };
}
