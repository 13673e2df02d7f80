/** Who is calling: what remains of a token after it has been verified. */
import { type Actor, type DelegationState, readDelegation } from './actors.ts';
import { readScopes } from './scopes.ts';

/**
 * A verified caller. Anything kept per user must be keyed by `issuer` and `subject` together.
 *
 * The object and its claims are frozen. `token` is a hidden accessor: spreading, `JSON.stringify`,
 * `structuredClone` and Node's inspector do not show it.
 */
export interface Identity {
  /** The configured issuer for which the token was accepted. */
  readonly issuer: string;
  /** Value of the principal claim, `sub` unless configured otherwise. */
  readonly subject: string;
  /** All claims, as verified or as the introspection endpoint returned them. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly scopes: readonly string[];
  /** Seconds since the epoch; `undefined` when introspection gave no `exp`. */
  readonly expiresAt: number | undefined;
  /** RFC 8693 `act` chain, current actor first, at most ten. */
  readonly actors: readonly Actor[];
  readonly delegation: DelegationState;
  /** The bearer token itself, for token exchange; never serialised. */
  readonly token: string;
}

/** The parts from which an {@link Identity} is made. */
export interface IdentityParts {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly token: string;
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Builds a frozen identity whose token no serialiser can reach. `tsid`, the handle under which some
 * authorization servers keep a user's upstream tokens, is dropped: it is a credential.
 */
export function createIdentity(parts: IdentityParts): Identity {
  const { token, ...given } = parts;
  const { tsid: _, ...claims } = given.claims;
  const visible = { ...given, claims };
  const { actors, state: delegation } = readDelegation(visible.claims);
  const exp = visible.claims['exp'];
  const fields = {
    issuer: visible.issuer,
    subject: visible.subject,
    claims: deepFreeze(visible.claims),
    scopes: readScopes(visible.claims),
    expiresAt: typeof exp === 'number' ? exp : undefined,
    actors,
    delegation,
  };
  const hidden = (value: unknown): PropertyDescriptor => ({ value, enumerable: false });
  const identity = Object.defineProperties(fields, {
    token: { get: () => token, enumerable: false },
    toJSON: hidden(() => ({ ...fields, token: '[redacted]' })),
    toString: hidden(() => `Identity(${fields.issuer}, ${fields.subject})`),
    [INSPECT]: hidden(() => ({
      issuer: fields.issuer,
      subject: fields.subject,
      scopes: fields.scopes,
      expiresAt: fields.expiresAt,
      claims: '[redacted]',
      token: '[redacted]',
    })),
  });
  // `token` was added by defineProperties, which the type system does not follow.
  return Object.freeze(identity) as unknown as Identity;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
