/** The delegation chain of a token: nested `act` claims (RFC 8693 §4.1). */
import { isJsonObject } from './strict-json.ts';

const MAX_ACTORS = 10;

/** One party that acts on behalf of the subject. */
export interface Actor {
  readonly subject: string;
  readonly issuer?: string;
}

/**
 * Whether the chain is whole: `none` without an `act` claim, `truncated` after ten actors,
 * `malformed` when it stops at something that names no actor.
 */
export type DelegationState = 'none' | 'complete' | 'truncated' | 'malformed';

/** The chain, current actor first. */
export interface Delegation {
  readonly actors: readonly Actor[];
  readonly state: DelegationState;
}

/** Reads `act`. A malformed chain never fails the token; it is reported as such. */
export function readDelegation(claims: Readonly<Record<string, unknown>>): Delegation {
  const actors: Actor[] = [];
  let state: DelegationState = 'none';
  let level = Object.hasOwn(claims, 'act') ? claims['act'] : undefined;
  while (level !== undefined) {
    if (actors.length === MAX_ACTORS) {
      state = 'truncated';
      break;
    }
    const actor = readActor(level);
    if (actor === undefined) {
      state = 'malformed';
      break;
    }
    actors.push(actor);
    state = 'complete';
    level = isJsonObject(level) && Object.hasOwn(level, 'act') ? level['act'] : undefined;
  }
  return { actors: Object.freeze(actors), state };
}

function readActor(level: unknown): Actor | undefined {
  if (!isJsonObject(level)) return undefined;
  const { sub: subject, iss: issuer } = level;
  if (typeof subject !== 'string' || subject === '') return undefined;
  if (issuer === undefined) return Object.freeze({ subject });
  return typeof issuer === 'string' ? Object.freeze({ subject, issuer }) : undefined;
}
