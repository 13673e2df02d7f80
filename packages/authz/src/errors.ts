/**
 * The errors of this package. They are thrown while something is loaded, never for a "no":
 * a denied request is a {@link Decision} with `allowed: false`.
 */
import type { SourcePosition } from './text-position.ts';

const STAMP = '@thv/authz.error';

/** What went wrong; stable, documented in the README. */
export type AuthzErrorCode =
  | 'ERR_AUTHZ_FILE'
  | 'ERR_AUTHZ_CONFIG'
  | 'ERR_AUTHZ_POLICY'
  | 'ERR_AUTHZ_ENTITIES'
  | 'ERR_AUTHZ_REQUEST'
  | 'ERR_AUTHZ_ENGINE'
  | 'ERR_AUTHZ_TESTS';

/** Where a problem stands, as far as it is known. Lines and columns count from 1. */
export interface ErrorLocation extends Partial<SourcePosition> {
  readonly file?: string | undefined;
  /** The id of the policy: its `@id`, else `policy0`… by position. */
  readonly policy?: string | undefined;
}

interface AuthzErrorOptions extends ErrorOptions {
  readonly location?: ErrorLocation | undefined;
}

/** Thrown when a configuration, a policy or a policy test file cannot be used. */
export class AuthzError extends Error {
  override readonly name: string = 'AuthzError';
  readonly code: AuthzErrorCode;
  /** The message without the place in front of it. */
  readonly problem: string;
  readonly location: ErrorLocation;

  constructor(code: AuthzErrorCode, problem: string, options: AuthzErrorOptions = {}) {
    const location = options.location ?? {};
    super(`${formatLocation(location)}${problem}`, options);
    this.code = code;
    this.problem = problem;
    this.location = location;
    Object.defineProperty(this, Symbol.for(STAMP), { value: true });
  }
}

/** True for an {@link AuthzError} from any copy of this package. */
export function isAuthzError(value: unknown): value is AuthzError {
  return value instanceof Error && Object.hasOwn(value, Symbol.for(STAMP));
}

function formatLocation(location: ErrorLocation): string {
  const place = [location.file, location.line, location.column].filter(
    (part) => part !== undefined,
  );
  const policy = location.policy === undefined ? '' : `${location.policy}: `;
  if (location.file === undefined) {
    return location.line === undefined ? policy : `line ${place.join(':')}: ${policy}`;
  }
  return `${place.join(':')}: ${policy}`;
}
