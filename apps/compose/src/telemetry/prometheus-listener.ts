/** Metrics to be read, on a listener of their own (D37). */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import { isLoopbackHost } from '@thv/oidc';
import { ProxyError } from '@thv/proxy';
import type { LogEvent } from '../config.ts';
import type { PrometheusConfig } from '../observability-config.ts';
import { urlHost } from '../url-host.ts';

export interface PrometheusListener {
  readonly reader: IMetricReader;
  readonly close: () => Promise<void>;
}

const PATH = '/metrics';

/** @throws ProxyError `ERR_PROXY_LISTEN` when the address cannot be bound */
export async function startPrometheus(
  config: PrometheusConfig,
  log: (event: LogEvent) => void,
): Promise<PrometheusListener> {
  const { host, port, orFreePort = false } = config;
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const server = createServer((request, response) => answer(request, response, { exporter, host }));
  let isElsewhere = false;
  await listen(server, { host, port }).catch((error: NodeJS.ErrnoException) => {
    if (!orFreePort || error.code !== 'EADDRINUSE') throw listenError(config, error);
    isElsewhere = true;
    return listen(server, { host, port: 0 });
  });
  const bound = (server.address() as AddressInfo).port; // A bound TCP server has one.
  const url = `http://${urlHost(host)}:${bound}${PATH}`;
  log(
    isElsewhere
      ? { level: 'warn', message: `port ${port} is in use: metrics at ${url}` }
      : { level: 'info', message: `metrics at ${url}` },
  );
  return {
    reader: exporter,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Surroundings {
  readonly exporter: PrometheusExporter;
  readonly host: string;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { exporter, host }: Surroundings,
): void {
  const [path] = (request.url ?? '').split('?', 1);
  const refuse = (status: number): void => void response.writeHead(status).end();
  // A web page could come by a name of its own that leads to this machine.
  if (isLoopbackHost(host) && !isLoopbackName(request.headers.host)) refuse(403);
  else if (path !== PATH) refuse(404);
  else if (request.method !== 'GET') refuse(405);
  else exporter.getMetricsRequestHandler(request, response);
}

function isLoopbackName(header: string | undefined): boolean {
  const url = URL.parse(`http://${header ?? ''}`);
  return url !== null && isLoopbackHost(url.hostname);
}

function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function listenError({ host, port }: PrometheusConfig, error: NodeJS.ErrnoException): ProxyError {
  const why = error.code === 'EADDRINUSE' ? 'the port is in use' : (error.code ?? 'unknown reason');
  const text = `cannot listen for metrics on ${host}:${port}: ${why}`;
  return new ProxyError('ERR_PROXY_LISTEN', text, { cause: error });
}
