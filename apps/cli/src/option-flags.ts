/** Says in flags what the packages below say in options. Pure. */

const FLAGS: Readonly<Record<string, string>> = {
  issuer: '--oidc-issuer',
  issuerAliases: '--oidc-issuer-alias',
  issuers: '--oidc-issuer',
  jwksUrl: '--oidc-jwks-url',
  audiences: '--oidc-audience',
  allowInsecureAnyAudience: '--allow-insecure-any-audience',
  'introspection.url': '--oidc-introspection-url',
  'introspection.clientId': '--oidc-client-id',
  'introspection.clientSecret': '--oidc-client-secret-file',
  clientSecret: '--oidc-client-secret-file',
  jwksAuthTokenFile: '--jwks-auth-token-file',
  caBundleFile: '--thv-ca-bundle',
  bearerToken: '--remote-auth-bearer-token-file',
  headers: '--remote-forward-headers',
  'tools.only': '--tools',
  'tools.override': '--tools-override',
  trustedProxies: '--trusted-proxies',
  'otlp.headers': '--otel-headers',
};

const WAYS_OUT: readonly (readonly [RegExp, string])[] = [
  [/private address$/, 'add --jwks-allow-private-ip if it is meant'],
  [/plain http$/, 'add --oidc-insecure-allow-http if it is meant'],
];

/** A message of the log, with what can be done about it. */
export function withWayOut(message: string): string {
  const wayOut = wayOutOf(message);
  return wayOut === undefined ? message : `${message}; ${wayOut}`;
}

/** A message about options, with flags in their places and what can be done about it. */
export function toFlagTerms(message: string): {
  readonly why: string;
  readonly wayOut: string | undefined;
} {
  const why = message.replace(/"([\w.]+)"/g, (quoted, name: string) =>
    Object.hasOwn(FLAGS, name) ? (FLAGS[name] ?? quoted) : quoted,
  );
  return { why, wayOut: wayOutOf(why) };
}

function wayOutOf(message: string): string | undefined {
  return WAYS_OUT.find(([pattern]) => pattern.test(message))?.[1];
}
