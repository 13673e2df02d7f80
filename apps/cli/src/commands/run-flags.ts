/** The flags of `thv run`: only those that do something. */
import type { Command } from 'commander';
import { list, once, oneOf, port, repeated } from '../flag-parsers.ts';

export function addRunFlags(command: Command): Command {
  return command
    .description('run an MCP server behind sign-in and policies')
    .usage('[options] SERVER [-- ARGS…]   or   [options] --name NAME -- COMMAND [ARGS…]')
    .argument('[server]', 'http(s)://URL or npx://package[@version]')
    .option('-f, --foreground', 'stay attached; Ctrl-C stops everything')
    .option('--name <name>', 'name of the server in URLs and policies', once('--name'))
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
    .option('--authz-config <file>', 'policies, as JSON or YAML', once('--authz-config'))
    .option('--host <host>', 'address to listen on (default: 127.0.0.1)', once('--host'))
    .option('--proxy-port <port>', 'port to listen on; 0 takes a free one', port('--proxy-port'))
    .option(
      '--allowed-origins <origin>',
      'web pages that may call, as https://host (repeatable)',
      list('--allowed-origins'),
    )
    .option(
      '--allowed-hosts <host>',
      'further Host names, for a tunnel or proxy in front (repeatable)',
      list('--allowed-hosts'),
    )
    .option(
      '-e, --env <KEY=VALUE>',
      "a variable for the server's process; KEY alone passes thv's own (repeatable)",
      repeated('--env'),
    )
    .option(
      '--allow-insecure-any-audience',
      'DANGEROUS: accept tokens that were issued for other services',
    )
    .option('--allow-insecure-anonymous', 'DANGEROUS: serve other machines without any sign-in')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']));
}
