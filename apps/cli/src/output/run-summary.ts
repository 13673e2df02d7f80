/** What `thv run` prints once the server can be called. Pure. */
import type { SignInConfig } from '@thv/compose';

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
  const rows = [
    ['NAME', name],
    ['URL', url],
    ['SIGN-IN', describeSignIn(signIn)],
    ['POLICY', policyFile ?? 'none'],
  ];
  const table = rows.map(([label = '', value = '']) => `${label.padEnd(9)}${value}\n`).join('');
  return `${table}\n${JSON.stringify(clientConfig(name, url), null, 2)}\n`;
}

function renderJson({ name, url, signIn, policyFile }: RunSummary): string {
  const oidc = signIn.kind === 'oidc' ? signIn.oidc : undefined;
  return `${JSON.stringify({
    name,
    url,
    sign_in:
      signIn.kind === 'local-user'
        ? { kind: 'local-user', subject: signIn.subject }
        : {
            kind: 'oidc',
            issuer: oidc?.issuer ?? null,
            jwks_url: oidc?.jwksUrl ?? null,
            audiences: oidc?.audiences ?? [],
          },
    policy: policyFile ?? null,
    client_config: clientConfig(name, url),
  })}\n`;
}

function describeSignIn(signIn: SignInConfig): string {
  if (signIn.kind === 'local-user') {
    return `none (everyone is ${signIn.subject})`;
  }
  const { issuer, jwksUrl, audiences } = signIn.oidc;
  const from = issuer ?? `any issuer with the keys of ${jwksUrl}`;
  const audience = audiences.length === 0 ? 'any audience' : `audience ${audiences.join(' or ')}`;
  return `bearer token from ${from}, ${audience}`;
}

/** What MCP clients read from their configuration file. */
function clientConfig(name: string, url: string) {
  return { mcpServers: { [name]: { type: 'http', url } } };
}
