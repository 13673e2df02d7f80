/**
 * What is known about callers. A principal is built once per claims object, and with it stand the
 * plans for the targets it has asked for; both go when the claims object goes, and plans also when
 * there are too many.
 */
import type { Plan } from './engine.ts';
import { buildPrincipal, type EntityOptions, type RequestPrincipal } from './entities.ts';
import { AuthzError } from './errors.ts';
import type { AuthzIdentity } from './request.ts';

/** A principal with its plans. */
export interface KnownPrincipal {
  readonly entity: RequestPrincipal;
  /** The plan at `space` for `target`, made when it is first needed. */
  plan(space: string, target: string | undefined, make: () => Plan): Plan;
}

/** Finds principals. */
export interface Principals {
  of(identity: AuthzIdentity): KnownPrincipal;
}

type Spaces = Map<string, Map<string | undefined, Plan>>;

const MAX_PLANS = 4_000;
const MAX_TARGET_LENGTH = 2_048;

/** Creates a store of principals. */
export function createPrincipals(options: EntityOptions): Principals {
  const known = new WeakMap<
    object,
    { readonly subject: string; readonly principal: KnownPrincipal }
  >();
  // Two generations of what has plans: when the young one is full, the old one loses its plans.
  let young = new Set<Spaces>();
  let old = new Set<Spaces>();
  let plans = 0;

  const count = (spaces: Spaces): void => {
    if (plans >= MAX_PLANS / 2) {
      for (const aged of old) {
        if (!young.has(aged)) {
          aged.clear();
        }
      }
      old = young;
      young = new Set();
      plans = 0;
    }
    young.add(spaces);
    plans += 1;
  };

  const createPrincipal = (identity: AuthzIdentity): KnownPrincipal => {
    const entity = buildPrincipal(identity, options);
    const spaces: Spaces = new Map();
    return {
      entity,
      plan: (space, target, make) => {
        const found = spaces.get(space)?.get(target);
        if (found !== undefined) {
          return found;
        }
        const plan = make();
        if (target !== undefined && target.length > MAX_TARGET_LENGTH) {
          return plan;
        }
        count(spaces);
        const targets = spaces.get(space) ?? new Map<string | undefined, Plan>();
        spaces.set(space, targets.set(target, plan));
        return plan;
      },
    };
  };

  return {
    of: (identity) => {
      const { subject, claims } = identity;
      if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
        throw new AuthzError('ERR_AUTHZ_REQUEST', 'the identity has no claims');
      }
      const found = known.get(claims);
      if (found !== undefined && found.subject === subject) {
        return found.principal;
      }
      const principal = createPrincipal(identity);
      known.set(claims, { subject, principal });
      return principal;
    },
  };
}
