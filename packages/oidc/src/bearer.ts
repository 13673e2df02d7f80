/** Reading the bearer token of a request (RFC 6750 §2.1, RFC 9110 §11.1); nothing else is read. */
import { OidcError } from './errors.ts';
import { MAX_TOKEN_LENGTH } from './token-shape.ts';

/** RFC 6750 §2.1: b64token. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** What nearly all requests say; everything else is taken apart to tell what is wrong with it. */
const WELL_FORMED = /^[Bb]earer ([A-Za-z0-9\-._~+/]+=*)$/;

/**
 * Takes the token out of an `Authorization` value. Web `Headers` join repeated fields by ", ", so
 * a comma means a repeated header: no token contains one.
 *
 * @throws {OidcError} `ERR_OIDC_CREDENTIALS_MISSING`, `ERR_OIDC_CREDENTIALS_MALFORMED`,
 * `ERR_OIDC_TOKEN_TOO_LARGE`
 */
export function parseBearer(authorization: string | null): string {
  const good = authorization === null ? undefined : WELL_FORMED.exec(authorization)?.[1];
  if (good !== undefined && good.length <= MAX_TOKEN_LENGTH) return good;
  const value = trimBlanks(authorization ?? '');
  const [scheme = ''] = value.split(' ', 1);
  if (scheme.toLowerCase() !== 'bearer') {
    if (/(^|,)[ \t]*bearer( |$)/i.test(value)) throw malformed();
    throw new OidcError('ERR_OIDC_CREDENTIALS_MISSING', 'The request has no bearer token');
  }
  const token = value.slice(scheme.length).replace(/^ +/, '');
  if (token === '') {
    throw new OidcError('ERR_OIDC_CREDENTIALS_MISSING', 'The request has no bearer token');
  }
  if (token.length > MAX_TOKEN_LENGTH) {
    throw new OidcError('ERR_OIDC_TOKEN_TOO_LARGE', 'The token is too large');
  }
  if (!B64TOKEN.test(token)) throw malformed();
  return token;
}

/** A pattern for blanks at the end begins anew at every blank inside: seconds for 16 KiB of them. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function malformed(): OidcError {
  return new OidcError('ERR_OIDC_CREDENTIALS_MALFORMED', 'The Authorization header is malformed');
}
