/** Turns the `--otel-*` flags into what is told, and to whom. Pure. */
import type { OtlpConfig, TelemetryConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { isLoopbackName } from '../loopback.ts';
import { assertNotGiven } from './idle-flags.ts';

/** The flags of telemetry. */
export interface TelemetryFlags {
  readonly otelEndpoint?: string;
  readonly otelServiceName?: string;
  readonly otelSamplingRate?: number;
  readonly otelHeaders?: readonly string[];
  readonly otelInsecure?: boolean;
  readonly otelEnablePrometheusMetricsPath?: boolean;
}

export interface TelemetryPlan {
  /** Undefined: nothing is told to anybody. */
  readonly telemetry: TelemetryConfig | undefined;
  readonly warnings: readonly string[];
}

/** Where Prometheus looks by custom. */
const PROMETHEUS_PORT = 9464;

/**
 * @param name of the server, which is told as `thv-NAME`
 * @throws {CliError} with exit code 2.
 */
export function planTelemetry(flags: TelemetryFlags, name: string): TelemetryPlan {
  const { otelEndpoint, otelServiceName, otelEnablePrometheusMetricsPath = false } = flags;
  if (otelEndpoint === undefined) assertNoStrayFlag(flags);
  if (otelEndpoint === undefined && !otelEnablePrometheusMetricsPath) {
    if (otelServiceName === undefined) return { telemetry: undefined, warnings: [] };
    throw usageError(
      '--otel-service-name',
      'means nothing when nobody is told',
      'add --otel-endpoint or --otel-enable-prometheus-metrics-path',
    );
  }
  return {
    telemetry: {
      serviceName: otelServiceName ?? `thv-${name}`,
      ...(otelEndpoint !== undefined && { otlp: planOtlp(otelEndpoint, flags) }),
      ...(otelEnablePrometheusMetricsPath && {
        prometheus: { host: '127.0.0.1', port: PROMETHEUS_PORT, orFreePort: true },
      }),
    },
    warnings:
      flags.otelHeaders === undefined
        ? []
        : ['--otel-headers: process lists show it; for a secret set OTEL_EXPORTER_OTLP_HEADERS'],
  };
}

/** D1: a flag that would do nothing is a mistake. */
function assertNoStrayFlag(flags: TelemetryFlags): void {
  assertNotGiven(
    [
      ['--otel-sampling-rate', flags.otelSamplingRate],
      ['--otel-headers', flags.otelHeaders],
      ['--otel-insecure', flags.otelInsecure],
    ],
    'means nothing without --otel-endpoint',
    'add it',
  );
}

function planOtlp(endpoint: string, flags: TelemetryFlags): OtlpConfig {
  const { otelHeaders, otelSamplingRate = 1, otelInsecure = false } = flags;
  for (const header of otelHeaders ?? []) {
    if (/^[\w!#$%&'*+.^`|~-]+=/.test(header)) continue;
    throw usageError('--otel-headers', 'is not NAME=VALUE', 'write it as NAME=VALUE');
  }
  return {
    endpoint: readEndpoint(endpoint, otelInsecure),
    samplingRate: otelSamplingRate,
    ...(otelHeaders !== undefined && { headers: { read: () => otelHeaders.join(',') } }),
  };
}

/**
 * `host:port` or a URL. What is sent names people's tools, so it is encrypted unless that is waived or
 * it stays on this machine.
 */
function readEndpoint(text: string, insecure: boolean): string {
  const isUrl = /^https?:\/\//i.test(text);
  const isLocal = isLoopbackName(URL.parse(`http://${text}`)?.hostname ?? '');
  const url = URL.parse(isUrl ? text : `${insecure || isLocal ? 'http' : 'https'}://${text}`);
  if (url === null || url.search !== '' || url.hash !== '' || url.hostname === '') {
    throw usageError(
      '--otel-endpoint',
      `${JSON.stringify(text)} is no endpoint`,
      'write HOST:PORT or an http(s) URL',
    );
  }
  if (/\/v1\/(?:traces|metrics)\/?$/.test(url.pathname)) {
    throw usageError(
      '--otel-endpoint',
      'names one of the two places below it',
      'leave /v1/… out: traces and metrics are sent',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError(
      '--otel-endpoint',
      'must not hold a user name or password',
      'set OTEL_EXPORTER_OTLP_HEADERS',
    );
  }
  if (isUrl && insecure && url.protocol === 'https:') {
    throw usageError('--otel-insecure', 'contradicts an https endpoint', 'drop it');
  }
  if (url.protocol === 'http:' && !insecure && !isLoopbackName(url.hostname)) {
    throw usageError(
      '--otel-endpoint',
      'is not encrypted',
      'use https, or add --otel-insecure if it is meant',
    );
  }
  return url.href.replace(/\/$/, '');
}
