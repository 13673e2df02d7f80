/** The `issuers` list of the configuration: who may vouch for callers (D19). */

import type { IntrospectionConfig, IssuerConfig } from '@thv/compose';
import { configError } from './config-error.ts';
import {
  type Fields,
  join,
  readChoice,
  readDuration,
  readFile,
  readFlag,
  readMap,
  readObject,
  readOptional,
  readText,
  readTexts,
  readUrl,
} from './config-reader.ts';
import { readSecret } from './secret.ts';

/** An issuer with the name under which the operator knows it. */
export interface NamedIssuer {
  /** Default: its place in the list. */
  readonly name: string;
  readonly config: IssuerConfig;
}

const KEYS = [
  'name',
  'issuer',
  'issuer_aliases',
  'jwks_url',
  'audiences',
  'audience_claim',
  'principal_claim',
  'leeway',
  'required_claims',
  'required_scopes',
  'allowed_clients',
  'introspection',
  'kubernetes',
  'jwks_auth_token_file',
  'ca_bundle_file',
  'allow_private_addresses',
  'allow_insecure_http',
  'allow_insecure_any_audience',
] as const;

/**
 * Reads the list.
 *
 * @param folder where relative paths start
 * @throws GatewayConfigError naming the place and the way out
 */
export function readIssuers(value: unknown, folder: string): readonly NamedIssuer[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw configError('issuers', 'at least one issuer is needed: a gateway is never open');
  }
  const issuers = value.map((item: unknown, index) => readIssuer(item, index, folder));
  for (const [index, { name, config }] of issuers.entries()) {
    const before = issuers.slice(0, index);
    if (before.some((other) => other.name === name)) {
      throw configError(`issuers[${index}].name`, `"${name}" is taken by another issuer`);
    }
    const same = before.find((other) => other.config.issuer === config.issuer);
    if (config.issuer !== undefined && same !== undefined) {
      throw configError(`issuers[${index}].issuer`, `is that of "${same.name}" already`);
    }
  }
  return issuers;
}

/** D2: a token must be meant for us, so an empty list is refused as well. */
export function readAudiences(value: unknown, path: string): readonly string[] {
  const audiences = value === undefined ? [] : readTexts(value, path);
  if (audiences.length === 0) {
    throw configError(
      path,
      'at least one audience is needed: tokens for other services must not pass',
    );
  }
  return audiences;
}

function readIssuer(value: unknown, index: number, folder: string): NamedIssuer {
  const path = `issuers[${index}]`;
  const fields = readObject(value, path, KEYS);
  const sources = ['issuer', 'jwks_url', 'introspection', 'kubernetes'];
  if (!sources.some((key) => fields.has(key))) {
    throw configError(path, `needs one of ${sources.join(', ')}`);
  }
  // With an issuer of its own, the cluster is one that is reached from outside.
  const inCluster = fields.has('kubernetes') && !fields.has('issuer');
  for (const key of ['allow_private_addresses', 'allow_insecure_http']) {
    if (inCluster && fields.has(key)) {
      throw configError(join(path, key), 'means nothing for the own cluster; leave it out');
    }
  }
  if (fields.has('issuer_aliases') && !fields.has('issuer')) {
    throw configError(join(path, 'issuer_aliases'), 'needs issuer');
  }
  const hasKeys = ['issuer', 'jwks_url', 'kubernetes'].some((key) => fields.has(key));
  if (fields.has('jwks_auth_token_file') && !hasKeys) {
    throw configError(join(path, 'jwks_auth_token_file'), 'needs issuer or jwks_url');
  }
  const optional = readOptional(fields, path);
  return {
    name: optional('name', readText) ?? path,
    config: {
      audiences: readIssuerAudiences(fields, path),
      ...defined({
        issuer: optional('issuer', readUrl),
        issuerAliases: optional('issuer_aliases', readTexts),
        jwksUrl: optional('jwks_url', readUrl),
        audienceClaim: optional('audience_claim', readText),
        principalClaim: optional('principal_claim', readText),
        leeway: optional('leeway', readDuration),
        requiredClaims: optional('required_claims', readTextMap),
        requiredScopes: optional('required_scopes', readScopes),
        allowedClients: optional('allowed_clients', readTexts),
        introspection: optional('introspection', (item, at) => readIntrospection(item, at, folder)),
        serviceAccounts: optional('kubernetes', readServiceAccounts),
        inCluster: inCluster ? true : undefined,
        jwksAuthTokenFile: optional('jwks_auth_token_file', (item, at) =>
          readFile(item, at, folder),
        ),
        caBundleFile: optional('ca_bundle_file', (item, at) => readFile(item, at, folder)),
        allowPrivateAddresses: optional('allow_private_addresses', readFlag),
        allowInsecureHttp: optional('allow_insecure_http', readFlag),
        allowInsecureAnyAudience: optional('allow_insecure_any_audience', readFlag),
      }),
    },
  };
}

function readIssuerAudiences(fields: Fields, path: string): readonly string[] {
  const at = join(path, 'audiences');
  const value = fields.get('audiences');
  if (fields.get('allow_insecure_any_audience') !== true) return readAudiences(value, at);
  if (value !== undefined) throw configError(at, 'contradicts allow_insecure_any_audience');
  return [];
}

function readIntrospection(value: unknown, path: string, folder: string): IntrospectionConfig {
  const fields = readObject(value, path, [
    'url',
    'client_id',
    'client_secret_env',
    'client_secret_file',
    'auth',
    'introspect_jwts',
    'token_prefixes',
  ]);
  const optional = readOptional(fields, path);
  const clientSecret = readSecret(fields, join(path, 'client_secret'), folder);
  if (clientSecret !== undefined && !fields.has('client_id')) {
    throw configError(path, 'a client secret needs client_id');
  }
  return {
    url: readUrl(fields.get('url'), join(path, 'url')),
    ...defined({
      clientId: optional('client_id', readText),
      clientSecret,
      auth: optional('auth', (item, at) => readChoice(item, at, ['basic', 'post', 'none'])),
      introspectJwts: optional('introspect_jwts', readFlag),
      tokenPrefixes: optional('token_prefixes', readTexts),
    }),
  };
}

function readServiceAccounts(
  value: unknown,
  path: string,
): NonNullable<IssuerConfig['serviceAccounts']> {
  const fields = readObject(value, path, ['service_account', 'namespace']);
  const name = readOptional(fields, path)('service_account', readText);
  const namespace = readText(fields.get('namespace'), join(path, 'namespace'));
  return [{ namespace, ...(name !== undefined && { name }) }];
}

function readTextMap(value: unknown, path: string): Readonly<Record<string, string>> {
  const entries = [...readMap(value, path)];
  return Object.fromEntries(entries.map(([key, item]) => [key, readText(item, join(path, key))]));
}

/** RFC 6749 §3.3. */
export function readScopes(value: unknown, path: string): readonly string[] {
  const scopes = readTexts(value, path);
  const wrong = scopes.findIndex((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope));
  if (wrong >= 0) {
    throw configError(`${path}[${wrong}]`, 'a scope has no spaces, quotes and backslashes');
  }
  return scopes;
}

/** The members that have a value. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Safe: what is left out is only what has no value.
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
