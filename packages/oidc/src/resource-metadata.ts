/** Protected-resource metadata: the document and where it stands (RFC 9728). */
import { isJsonObject } from './strict-json.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** A protected-resource metadata document (RFC 9728 §2). */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers?: readonly string[];
  readonly bearer_methods_supported: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly resource_name?: string;
  readonly resource_documentation?: string;
}

/** What a metadata document is built from. */
export interface ResourceMetadataParts {
  readonly resource: string;
  readonly authorizationServers?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly resourceName?: string | undefined;
  readonly resourceDocumentation?: string | undefined;
}

/**
 * Builds the document. Empty lists are left out, as RFC 9728 §3.2 demands; `resource` is repeated
 * exactly as configured, because clients compare it (§3.3).
 */
export function buildResourceMetadata(parts: ResourceMetadataParts): ResourceMetadata {
  const { authorizationServers = [], scopes = [], resourceName, resourceDocumentation } = parts;
  return {
    resource: parts.resource,
    ...(authorizationServers.length > 0 ? { authorization_servers: authorizationServers } : {}),
    bearer_methods_supported: ['header'],
    ...(scopes.length > 0 ? { scopes_supported: scopes } : {}),
    ...(resourceName === undefined ? {} : { resource_name: resourceName }),
    ...(resourceDocumentation === undefined
      ? {}
      : { resource_documentation: resourceDocumentation }),
  };
}

/**
 * Path (and query, if the resource has one) of a resource's metadata (RFC 9728 §3.1): the
 * well-known name is put between host and path, without a trailing slash.
 */
export function wellKnownPath(resource: string): string {
  const { pathname, search } = new URL(resource);
  return `${WELL_KNOWN}${pathname.replace(/\/+$/, '')}${search}`;
}

/** Every path at which a resource's metadata is served: its own, and the root. */
export function wellKnownPaths(resource: string): readonly string[] {
  return [...new Set([wellKnownPath(resource), WELL_KNOWN])];
}

/** The URL of a resource's metadata, as it stands in a challenge. */
export function wellKnownUrl(resource: string): string {
  return new URL(resource).origin + wellKnownPath(resource);
}

/**
 * Reads a metadata document as a client must (RFC 9728 §3.3): `resource` has to equal the URL the
 * client used.
 *
 * @throws {TypeError} naming the member that is wrong
 */
export function parseProtectedResourceMetadata(
  document: unknown,
  resource: string,
): ResourceMetadata {
  if (!isJsonObject(document)) throw new TypeError('the metadata is not a JSON object');
  if (document['resource'] !== resource) throw new TypeError('"resource" is another resource');
  const authorizationServers = readTexts(document, 'authorization_servers');
  const scopes = readTexts(document, 'scopes_supported');
  const methods = readTexts(document, 'bearer_methods_supported');
  const metadata = buildResourceMetadata({ resource, authorizationServers, scopes });
  return methods === undefined ? metadata : { ...metadata, bearer_methods_supported: methods };
}

function readTexts(
  document: Readonly<Record<string, unknown>>,
  name: string,
): readonly string[] | undefined {
  const value = document[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new TypeError(`"${name}" is not a list of strings`);
}
