/** The resources that callers ask for, as far as they are the same for all callers. */
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';
import { buildResource, type EntityOptions, type RequestResource } from './entities.ts';
import type { AuthzAction } from './request.ts';

/** A target that is asked for. */
export interface Target {
  /** Targets of different spaces are kept apart. */
  readonly space: string;
  readonly action: AuthzAction;
  readonly target: string;
  readonly template: boolean;
}

/** Finds the resource of a target. */
export interface Targets {
  /** The resource, without anything that a call says. */
  of(target: Target): RequestResource;
  /** One resource that stands for all of which no policy knows anything. */
  ordinary(target: Target): RequestResource;
}

const MAX_TARGETS = 2_048;
const MAX_LENGTH = 2_048;

/** Creates a store of resources. */
export function createTargets(options: EntityOptions): Targets {
  const spaces = new Map<string, BoundedMap<string, RequestResource>>();
  const ordinary = new Map<string, RequestResource>();
  // No entity and no group can be called so.
  const nobody = crypto.randomUUID();
  return {
    of: (target) => {
      const kept = spaces.get(target.space) ?? createBoundedMap(MAX_TARGETS);
      spaces.set(target.space, kept);
      const known = kept.get(target.target);
      if (known !== undefined) {
        return known;
      }
      const { action, target: name, template } = target;
      const resource = buildResource({ action, target: name, template }, options);
      if (name.length <= MAX_LENGTH) {
        kept.set(name, resource);
      }
      return resource;
    },
    ordinary: ({ space, action, template }) => {
      const known = ordinary.get(space);
      if (known !== undefined) {
        return known;
      }
      const resource = buildResource({ action, target: nobody, template }, options);
      ordinary.set(space, resource);
      return resource;
    },
  };
}

/** True when the resource is one that {@link Targets} gives again. */
export function isKept(resource: RequestResource): boolean {
  return resource.uid.id.length <= MAX_LENGTH;
}
