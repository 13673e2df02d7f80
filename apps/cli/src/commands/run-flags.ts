/** The flags of `thv run` and `thv proxy`: only those that do something. */
import type { Command } from 'commander';
import { duration, fraction, labels, list, once, oneOf, port, repeated } from '../flag-parsers.ts';
import { exampleText, FORMATS } from './command-host.ts';
import { addContainerFlags } from './container-flags.ts';
import { addLimitFlags } from './limit-flags.ts';
import { addProcessFlags, addServingFlags } from './serving-flags.ts';
import { addSignInFlags } from './sign-in-flags.ts';
import { addUpstreamFlags } from './upstream-flags.ts';

/** Installing a server may take long; longer than an hour is a mistake. Seconds. */
export const MAX_READY_TIMEOUT = 3600;

export function addRunFlags(command: Command): Command {
  command
    .description('run an MCP server behind sign-in and policies')
    .usage('[options] SERVER [-- ARGS…]\n       thv run [options] --name NAME -- COMMAND [ARGS…]')
    .argument('[server]', 'URL, npx://package, uvx://package, catalogue name or image')
    .option('-f, --foreground', 'stay attached; Ctrl-C stops everything')
    .option(
      '--ready-timeout <duration>',
      'how long to wait until it can be called (default: 30s)',
      duration('--ready-timeout', MAX_READY_TIMEOUT),
    )
    .option(
      '--from-config <file>',
      'take everything from a file that thv export wrote',
      once('--from-config'),
    )
    .option(
      '--label <NAME=VALUE>',
      'a label to find the server by in thv list (repeatable)',
      labels('--label'),
    )
    .option('--name <name>', 'name of the server in URLs and policies', once('--name'))
    .option(
      '-e, --env <KEY=VALUE>',
      "a variable for the server's process; KEY alone passes thv's own (repeatable)",
      repeated('--env'),
    )
    .option(
      '--env-file <file>',
      'variables, one NAME=VALUE per line; -e wins (repeatable)',
      repeated('--env-file'),
    )
    .option(
      '--secret <NAME,target=VARIABLE>',
      'a variable from the secret store; see thv secret (repeatable)',
      repeated('--secret'),
    );
  return addServeFlags(addContainerFlags(addServingFlags(addProcessFlags(command)))).addHelpText(
    'after',
    exampleText(
      'thv run --name weather http://127.0.0.1:8081/mcp \\',
      '  --oidc-issuer http://127.0.0.1:9000 --oidc-audience my-server',
    ),
  );
}

export function addProxyFlags(command: Command): Command {
  command
    .description('put sign-in and policies before a server that runs already; stays attached')
    .argument('<name>', 'name of the server in policies')
    .option('--target-uri <url>', "URL of the server's MCP endpoint", once('--target-uri'));
  return addServeFlags(addServingFlags(command)).addHelpText(
    'after',
    exampleText(
      'thv proxy weather --target-uri http://127.0.0.1:8081/mcp \\',
      '  --authz-config authz.yaml',
    ),
  );
}

function addServeFlags(command: Command): Command {
  return addLimitFlags(addUpstreamFlags(addSignInFlags(command)))
    .optionsGroup('Policies and listening:')
    .option('--allow-insecure-anonymous', 'DANGEROUS: serve other machines without any sign-in')
    .option('--authz-config <file>', 'policies, as JSON or YAML', once('--authz-config'))
    .option(
      '--tools <name>',
      'the only tools that callers see, by the names they see (repeatable)',
      list('--tools'),
    )
    .option(
      '--tools-override <file>',
      'other names and descriptions for tools, as JSON or YAML',
      once('--tools-override'),
    )
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
      '--trusted-proxies <range>',
      'proxies in front whose X-Forwarded-For or Forwarded is believed, as 10.0.0.7 or 10.0.0.0/24 (repeatable)',
      list('--trusted-proxies'),
    )
    .optionsGroup('Output:')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .optionsGroup('Audit and telemetry:')
    .option('--enable-audit', 'keep an audit log: who did what, one JSON line per request')
    .option(
      '--audit-config <file>',
      'the same, as JSON or YAML says: log_file (- is stdout), required, arguments',
      once('--audit-config'),
    )
    .option(
      '--otel-endpoint <endpoint>',
      'send traces and metrics there by OTLP over HTTP, as host:port or URL',
      once('--otel-endpoint'),
    )
    .option(
      '--otel-service-name <name>',
      'name under which they are sent (default: thv-NAME)',
      once('--otel-service-name'),
    )
    .option(
      '--otel-sampling-rate <rate>',
      'share of traces that are sent, 0 to 1 (default: 1)',
      fraction('--otel-sampling-rate'),
    )
    .option(
      '--otel-headers <NAME=VALUE>',
      'headers to send with them (repeatable); OTEL_EXPORTER_OTLP_HEADERS for secrets',
      list('--otel-headers'),
    )
    .option('--otel-insecure', 'send them to another machine without encryption')
    .option(
      '--otel-enable-prometheus-metrics-path',
      'metrics for Prometheus at http://127.0.0.1:9464/metrics, or another free port',
    );
}
