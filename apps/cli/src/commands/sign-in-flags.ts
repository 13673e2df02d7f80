/** The flags about sign-in, for every command that judges tokens. */
import { type Command, Option } from 'commander';
import { duration, list, once, oneOf, repeated } from '../flag-parsers.ts';

/** Longer than this, a leeway is a broken clock. */
const MAX_LEEWAY = 600;

export function addSignInFlags(command: Command): Command {
  addProviderFlags(command);
  addIntrospectionFlags(command);
  addRuleFlags(command);
  return command;
}

function addProviderFlags(command: Command): void {
  command
    .optionsGroup('Whose tokens are accepted:')
    .option('--oidc-issuer <url>', 'accept tokens of this OpenID provider', once('--oidc-issuer'))
    .option(
      '--oidc-audience <audience>',
      'a token must be for one of these (repeatable)',
      list('--oidc-audience'),
    )
    .option(
      '--oidc-jwks-url <url>',
      "where the provider's keys are, instead of discovery",
      once('--oidc-jwks-url'),
    )
    .option(
      '--oidc-client-id <id>',
      'the client that is registered at the provider',
      once('--oidc-client-id'),
    )
    .option(
      '--resource-url <url>',
      'public URL of the server; the audience when no other is given',
      once('--resource-url'),
    )
    .option(
      '--thv-ca-bundle <file>',
      "PEM authorities to trust for the provider, besides the system's",
      once('--thv-ca-bundle'),
    )
    .option(
      '--jwks-auth-token-file <file>',
      'bearer token for the key set and discovery hosts; re-read when it changes',
      once('--jwks-auth-token-file'),
    )
    .option('--oidc-in-cluster', 'accept tokens of the Kubernetes cluster this pod runs in')
    .option('--jwks-allow-private-ip', 'the provider may be at a private address')
    .option('--oidc-insecure-allow-http', 'DANGEROUS: ask the provider without encryption');
}

function addIntrospectionFlags(command: Command): void {
  command
    .optionsGroup('Opaque tokens:')
    .option(
      '--oidc-introspection-url <url>',
      'ask here about opaque tokens (RFC 7662, Google, GitHub)',
      once('--oidc-introspection-url'),
    )
    .option(
      '--oidc-client-secret-file <file>',
      'secret for introspection; re-read when it changes (or set THV_OIDC_CLIENT_SECRET)',
      once('--oidc-client-secret-file'),
    )
    .option(
      '--oidc-client-secret <secret>',
      'secret for introspection; process lists show it, so prefer the file',
      once('--oidc-client-secret'),
    )
    .addOption(
      new Option(
        '--oidc-introspection-auth <how>',
        'how to sign in for introspection: basic, post or none',
      ).argParser(oneOf('--oidc-introspection-auth', ['basic', 'post', 'none'])),
    )
    .option(
      '--oidc-introspect-jwts',
      'ask about JWTs too, so that a revoked one is refused within a minute',
    );
}

function addRuleFlags(command: Command): void {
  command
    .optionsGroup('What a good token says:')
    .option(
      '--oidc-required-scopes <scope>',
      'every token must have these (repeatable)',
      list('--oidc-required-scopes'),
    )
    .option(
      '--oidc-scopes <scope>',
      'scopes that clients are told to ask for (repeatable)',
      list('--oidc-scopes'),
    )
    .option(
      '--oidc-principal-claim <claim>',
      'the claim that names the caller (default: sub)',
      once('--oidc-principal-claim'),
    )
    .option(
      '--oidc-audience-claim <claim>',
      'the claim that holds the audience (default: aud; client_id for Cognito)',
      once('--oidc-audience-claim'),
    )
    .option(
      '--oidc-require-claim <NAME=VALUE>',
      'a claim that must have this text (repeatable)',
      repeated('--oidc-require-claim'),
    )
    .option(
      '--oidc-allowed-clients <id>',
      'only tokens of these clients (repeatable)',
      list('--oidc-allowed-clients'),
    )
    .option(
      '--oidc-issuer-alias <text>',
      'another way in which the provider writes its issuer (repeatable)',
      repeated('--oidc-issuer-alias'),
    )
    .option(
      '--oidc-service-accounts <NAMESPACE[/NAME]>',
      'only these Kubernetes service accounts (repeatable)',
      list('--oidc-service-accounts'),
    )
    .option(
      '--oidc-leeway <duration>',
      'clock difference to forgive, as 30s or 5m (default: 30s)',
      duration('--oidc-leeway', MAX_LEEWAY),
    )
    .option(
      '--allow-insecure-any-audience',
      'DANGEROUS: accept tokens that were issued for other services',
    );
}
