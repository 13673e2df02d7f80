/**
 * Finding the key set of an issuer: OpenID Connect Discovery §4 and RFC 8414 §3, in that order.
 * The `issuer` of the document must equal the configured one (OIDC Discovery §4.3, RFC 8414 §3.3).
 */
import type { EndpointPolicy } from './address-guard.ts';
import { isOidcError, OidcError } from './errors.ts';
import {
  fetchFromProvider,
  type ProviderFetchOptions,
  readProviderJson,
} from './provider-fetch.ts';
import { isJsonObject } from './strict-json.ts';

const MAX_BYTES = 512 * 1024;

/** What is needed to discover an issuer. */
export interface DiscoveryRequest {
  readonly issuer: string;
  readonly policy: EndpointPolicy;
  /** `Authorization` for the discovery host, if it wants one (Kubernetes). */
  readonly authorization?: (() => Promise<string | undefined>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The parts of provider metadata that are used. */
export interface ProviderMetadata {
  readonly issuer: string;
  readonly jwksUrl: URL;
  /** The document, for diagnosis. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** The metadata URLs of an issuer, in the order in which they are tried. */
export function discoveryUrls(issuer: string): readonly URL[] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/+$/, '');
  const at = (pathname: string): URL => new URL(`${url.origin}${pathname}`);
  const urls = [
    at(`${path}/.well-known/openid-configuration`),
    at(`/.well-known/oauth-authorization-server${path}`),
  ];
  if (path !== '') urls.push(at(`/.well-known/openid-configuration${path}`));
  return urls;
}

/**
 * Fetches and checks an issuer's metadata.
 *
 * @throws {OidcError} `ERR_OIDC_DISCOVERY`, `ERR_OIDC_ADDRESS`, `ERR_OIDC_SECRET`
 */
export async function discover(
  request: DiscoveryRequest,
  options: ProviderFetchOptions,
): Promise<ProviderMetadata> {
  const authorization = await request.authorization?.();
  const headers = authorization === undefined ? {} : { authorization };
  let worst: OidcError | undefined;
  for (const url of discoveryUrls(request.issuer)) {
    const { policy, signal } = request;
    const response = await fetchFromProvider(
      { url, policy, headers, signal, code: 'ERR_OIDC_DISCOVERY', maxBytes: MAX_BYTES },
      options,
    ).catch((error: unknown) => {
      // A redirect to elsewhere is a "not here"; silence or a refused address is not.
      if (isOidcError(error) && error.detail.reason === 'redirect not followed') return error;
      throw error;
    });
    if (isOidcError(response)) {
      worst ??= response;
      continue;
    }
    const { status } = response;
    if (status >= 500 || status === 429) throw failure('provider error', status);
    if (status !== 200) {
      worst ??= failure('no metadata found', status);
      continue;
    }
    try {
      return readMetadata(readProviderJson(response, 'ERR_OIDC_DISCOVERY'), request);
    } catch (error) {
      // A wrong document says more than a missing one, so it is the error that is kept.
      if (!isOidcError(error)) throw error;
      worst = error;
    }
  }
  throw worst ?? failure('no metadata found');
}

function readMetadata(document: unknown, request: DiscoveryRequest): ProviderMetadata {
  if (!isJsonObject(document)) throw failure('not an object');
  if (document['issuer'] !== request.issuer) throw failure('issuer mismatch');
  const text = document['jwks_uri'];
  if (typeof text !== 'string') throw failure('jwks_uri missing');
  try {
    return { issuer: request.issuer, jwksUrl: new URL(text), document };
  } catch {
    // new URL quotes its argument in the message.
    throw failure('jwks_uri is not a URL');
  }
}

function failure(reason: string, providerStatus?: number): OidcError {
  return new OidcError('ERR_OIDC_DISCOVERY', `Discovery failed: ${reason}`, {
    reason,
    ...(providerStatus === undefined ? {} : { providerStatus }),
  });
}
