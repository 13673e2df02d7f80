/** What `thv run` prints once the server can be called. Pure. */
import type { IssuerConfig, SignInConfig } from '@thv/compose';
import { clientConfig } from './client-config.ts';
import { toJsonLine, toJsonText } from './json-line.ts';
import type { Screen } from './screen.ts';
import { type Fact, renderFacts } from './table.ts';

export interface RunSummary {
  readonly name: string;
  readonly url: string;
  readonly signIn: SignInConfig;
  readonly policyFile: string | undefined;
  /** Where the log is, of a server in the background. */
  readonly log?: string;
}

export function renderRunSummary(
  summary: RunSummary,
  { format, screen }: { readonly format: 'text' | 'json'; readonly screen: Screen },
): string {
  return format === 'json' ? renderJson(summary) : renderText(summary, screen);
}

function renderText({ name, url, signIn, policyFile, log }: RunSummary, screen: Screen): string {
  const firstCall = describeFirstCall(signIn, url);
  const facts: readonly Fact[] = [
    ['NAME', name],
    ['URL', url, 'good'],
    ['SIGN-IN', describeSignIn(signIn), isOpen(signIn) ? 'warning' : undefined],
    ...(firstCall === undefined ? [] : [['AT 401', firstCall] as const]),
    ['POLICY', policyFile ?? 'none', policyFile === undefined ? 'warning' : undefined],
    ...(log === undefined ? [] : [['LOG', log] as const]),
  ];
  const config = clientConfig([[name, clientUrl(signIn, url)]]);
  return `${renderFacts(facts, screen)}\n${toJsonText(config)}`;
}

function renderJson({ name, url, signIn, policyFile, log }: RunSummary): string {
  return toJsonLine({
    name,
    url,
    sign_in: signInData(signIn, url),
    policy: policyFile ?? null,
    ...(log !== undefined && { log }),
    client_config: clientConfig([[name, clientUrl(signIn, url)]]),
  });
}

function signInData(signIn: SignInConfig, url: string) {
  if (signIn.kind === 'local-user') {
    return { kind: 'local-user', subject: signIn.subject };
  }
  const { issuers, resourceUrl, scopes } = signIn;
  const [issuer] = issuers;
  return {
    kind: 'oidc',
    issuer: issuer?.issuer ?? null,
    jwks_url: issuer?.jwksUrl ?? null,
    audiences: issuer?.audiences ?? [],
    introspection_url: issuer?.introspection?.url ?? null,
    client_id: clientOf(signIn) ?? null,
    scopes: scopes ?? [],
    required_scopes: issuer?.requiredScopes ?? [],
    resource_url: resourceUrl ?? null,
    resource_metadata_url: metadataUrl(clientUrl(signIn, url)),
  };
}

/** With introspection, the client is thv's own: callers need another one. */
function clientOf(signIn: SignInConfig): string | undefined {
  const issuer = signIn.kind === 'oidc' ? signIn.issuers[0] : undefined;
  return issuer?.introspection === undefined ? issuer?.clientId : undefined;
}

/** What a client does that calls without a token: RFC 9728 §5, from the challenge to a token. */
function describeFirstCall(signIn: SignInConfig, url: string): string | undefined {
  if (signIn.kind === 'local-user') {
    return undefined;
  }
  const { issuers, scopes = issuers.flatMap((issuer) => issuer.requiredScopes ?? []) } = signIn;
  const servers = issuers.flatMap(({ issuer, inCluster }) =>
    issuer === undefined || inCluster === true ? [] : [issuer],
  );
  if (servers.length === 0) {
    return 'clients cannot find out where to sign in; give them a token';
  }
  const client = clientOf(signIn);
  const steps = [
    `reads ${metadataUrl(clientUrl(signIn, url))}`,
    `signs its user in at ${servers.join(' or ')}${client === undefined ? '' : ` as ${client}`}`,
    ...(scopes.length === 0 ? [] : [`asks for ${scopes.join(' ')}`]),
  ];
  return `a client ${steps.join(', ')}, and calls again with the token`;
}

/** Where the RFC 9728 document of a resource is: §3.1. */
function metadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
}

/** Everyone, or everyone with whatever token, is let in. */
function isOpen(signIn: SignInConfig): boolean {
  return (
    signIn.kind === 'local-user' || signIn.issuers.some(({ audiences }) => audiences.length === 0)
  );
}

function describeSignIn(signIn: SignInConfig): string {
  return signIn.kind === 'local-user'
    ? `none (everyone is ${signIn.subject})`
    : signIn.issuers.map(describeIssuer).join('; or ');
}

function describeIssuer(issuer: IssuerConfig): string {
  const { audiences, introspection, requiredScopes = [] } = issuer;
  const parts = [
    `bearer token from ${describeSource(issuer)}`,
    audiences.length === 0 ? 'any audience' : `audience ${audiences.join(' or ')}`,
  ];
  if (requiredScopes.length > 0) {
    parts.push(`scopes ${requiredScopes.join(' ')}`);
  }
  if (introspection !== undefined) {
    const which = introspection.introspectJwts === true ? 'every' : 'an opaque';
    parts.push(`${which} token is checked at ${introspection.url}`);
  }
  return parts.join(', ');
}

function describeSource({ issuer, jwksUrl, inCluster }: IssuerConfig): string {
  if (issuer !== undefined) {
    return issuer;
  }
  if (inCluster === true) {
    return "this pod's cluster";
  }
  return jwksUrl === undefined ? 'any issuer' : `any issuer with the keys of ${jwksUrl}`;
}

/** How clients reach the server: they refuse one whose metadata names another resource. */
function clientUrl(signIn: SignInConfig, url: string): string {
  return (signIn.kind === 'oidc' ? signIn.resourceUrl : undefined) ?? url;
}
