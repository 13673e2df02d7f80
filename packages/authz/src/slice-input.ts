/** What a slice is given of a request, and the key under which its findings can be kept. */
import type { Context, EntityJson } from '@cedar-policy/cedar-wasm/web';
import { selectElements } from './element-reads.ts';
import type { RequestEntity, RequestPrincipal, RequestResource } from './entities.ts';
import { attributeOf } from './flatten.ts';
import type { Variable } from './policy-reads.ts';
import type { Slice } from './slice.ts';
import { createRecord } from './values.ts';

/** A request as entities. */
export interface EvaluationRequest {
  readonly principal: RequestPrincipal;
  readonly action: RequestEntity;
  readonly resource: RequestResource;
}

/** A slice with what it reads. */
export interface SliceInput {
  readonly slice: Slice;
  /** The flat record; without meaning for slices that are not flat. */
  readonly context: Context;
  /** Holds everything that decides the findings; absent when they are not worth keeping. */
  readonly key: string | undefined;
}

const MAX_KEY_LENGTH = 4_096;

/** Reads what a slice needs. The key is made of just what Cedar is given. */
export function readInput(slice: Slice, request: EvaluationRequest): SliceInput {
  const context = slice.form === 'flat' ? flatContext(slice, request) : {};
  const key =
    slice.form === 'flat'
      ? `${slice.id}${placesOf(slice, request)}${JSON.stringify(context)}`
      : wholeKey(slice, request);
  return { slice, context, key: key.length > MAX_KEY_LENGTH ? undefined : key };
}

/** The flat record of a slice. */
export function flatContext(slice: Slice, request: EvaluationRequest): Context {
  const context: Context = createRecord();
  for (const attribute of slice.attributes) {
    const { flat, elements } = attribute;
    const value = attributeOf(request, attribute);
    if (value !== undefined) {
      context[flat] = selectElements(value, elements);
    }
  }
  return context;
}

/** Entities for a flat slice: only where one is `in` something. */
export function flatEntities({ targets }: Slice, request: EvaluationRequest): EntityJson[] {
  const entities: EntityJson[] = [];
  if (targets.length === 0) {
    return entities;
  }
  for (const { uid, ancestors } of [request.principal, request.action, request.resource]) {
    // `in` is transitive: what stands between an entity and a target makes no difference.
    const above = targets.filter(({ key }) => ancestors.has(key));
    if (above.length > 0) {
      entities.push({ uid, attrs: {}, parents: above.map((target) => target.uid) });
    }
  }
  return entities;
}

/** Which of the places that the slice tells apart the entities are at. */
function placesOf(slice: Slice, { principal, resource }: EvaluationRequest): string {
  return placeOf(slice, 'principal', principal) + placeOf(slice, 'resource', resource);
}

function placeOf(slice: Slice, variable: Variable, { key, ancestors }: RequestEntity): string {
  let place = ' ';
  for (const target of slice.targets) {
    place += key === target.key || ancestors.has(target.key) ? '1' : '0';
  }
  return slice.bare.has(variable) || slice.compared.has(key) ? place + JSON.stringify(key) : place;
}

let lastPrincipal = 0;
const serials = new WeakMap<RequestPrincipal, number>();

/** A slice that reads everything depends on who asks, for what, and how. */
function wholeKey(slice: Slice, { principal, resource }: EvaluationRequest): string {
  let serial = serials.get(principal);
  if (serial === undefined) {
    lastPrincipal += 1;
    serial = lastPrincipal;
    serials.set(principal, serial);
  }
  const { key, args, attrs } = resource;
  return `${slice.id} ${serial} ${JSON.stringify([key, args, attrs])}`;
}
