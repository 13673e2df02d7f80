/** What `thv run` prints once the server can be called. Pure. */
import type { IssuerConfig, SignInConfig } from '@thv/compose';

export interface RunSummary {
  readonly name: string;
  readonly url: string;
  readonly signIn: SignInConfig;
  readonly policyFile: string | undefined;
}

export function renderRunSummary(summary: RunSummary, format: 'text' | 'json'): string {
  return format === 'json' ? renderJson(summary) : renderText(summary);
}

function renderText({ name, url, signIn, policyFile }: RunSummary): string {
  const client = clientOf(signIn);
  const rows = [
    ['NAME', name],
    ['URL', url],
    ['SIGN-IN', describeSignIn(signIn)],
    ...(client === undefined ? [] : [['CLIENT', `clients sign in as ${client}`]]),
    ['POLICY', policyFile ?? 'none'],
  ];
  const table = rows.map(([label = '', value = '']) => `${label.padEnd(9)}${value}\n`).join('');
  return `${table}\n${JSON.stringify(clientConfig(name, url), null, 2)}\n`;
}

function renderJson({ name, url, signIn, policyFile }: RunSummary): string {
  return `${JSON.stringify({
    name,
    url,
    sign_in: signInData(signIn),
    policy: policyFile ?? null,
    client_config: clientConfig(name, url),
  })}\n`;
}

function signInData(signIn: SignInConfig) {
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
  };
}

/** With introspection, the client is thv's own: callers need another one. */
function clientOf(signIn: SignInConfig): string | undefined {
  const issuer = signIn.kind === 'oidc' ? signIn.issuers[0] : undefined;
  return issuer?.introspection === undefined ? issuer?.clientId : undefined;
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

/** What MCP clients read from their configuration file. */
function clientConfig(name: string, url: string) {
  return { mcpServers: { [name]: { type: 'http', url } } };
}
