/** What is kept and told of requests: what the `thv` command and the gateway say about it. */

import type { AuditArguments } from '@thv/proxy';
import type { SecretReference } from './secret-reference.ts';

/** The audit log (D38). */
export interface AuditConfig {
  readonly sink: { readonly kind: 'stdout' } | { readonly kind: 'file'; readonly path: string };
  /** Refuse requests while no record can be kept. Default false. */
  readonly required?: boolean;
  /** What is kept of arguments. Default `names`. */
  readonly arguments?: AuditArguments;
}

/** Traces and metrics (D39). */
export interface TelemetryConfig {
  /** `service.name` of everything that is told. */
  readonly serviceName: string;
  /** A collector that traces and metrics are sent to. */
  readonly otlp?: OtlpConfig;
  /** An address at which metrics can be read, never that of the proxy (D37). */
  readonly prometheus?: PrometheusConfig;
}

/** A collector that speaks OTLP over HTTP. */
export interface OtlpConfig {
  /** Base URL; `/v1/traces` and `/v1/metrics` are below it. */
  readonly endpoint: string;
  /** `name=value,name=value`, values percent-encoded or not; sent with everything. */
  readonly headers?: SecretReference;
  /** Share of traces that are sent, 0 to 1, also of those that callers have begun. */
  readonly samplingRate: number;
}

export interface PrometheusConfig {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Take a free port when that one is in use. Default false: that stops the start. */
  readonly orFreePort?: boolean;
}
