/** Sends spans and metrics to a collector, in the background; says once when that stops working. */

import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { type IMetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { LogEvent } from '../config.ts';
import type { OtlpConfig } from '../observability-config.ts';
import { openSecret } from '../secret-reference.ts';

export interface OtlpExporters {
  readonly traces: SpanExporter;
  readonly metrics: IMetricReader;
}

/** @throws {TypeError} when the headers cannot be read */
export async function createOtlpExporters(
  { endpoint, headers }: OtlpConfig,
  log: (event: LogEvent) => void,
): Promise<OtlpExporters> {
  const common = headers && {
    headers: parseHeaders(await (await openSecret('otlp.headers', headers))()),
  };
  const base = endpoint.replace(/\/+$/, '');
  const traces = new OTLPTraceExporter({ ...common, url: `${base}/v1/traces` });
  const metrics = new OTLPMetricExporter({ ...common, url: `${base}/v1/metrics` });
  const tell = createTeller(new URL(endpoint).host, log);
  return {
    traces: tellingOf(traces, tell),
    metrics: new PeriodicExportingMetricReader({ exporter: tellingOf(metrics, tell) }),
  };
}

/**
 * Parses `name=value,name=value`.
 *
 * @throws {TypeError} that names no value
 */
export function parseHeaders(text: string): Readonly<Record<string, string>> {
  const entries = text
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(.*)$/s.exec(pair) ?? [];
      const decoded = value === undefined ? undefined : decode(value);
      if (name === undefined || decoded === undefined || !/^[\t\x20-\x7e]*$/.test(decoded)) {
        throw new TypeError('"otlp.headers": must be name=value, separated by commas');
      }
      return [name, decoded];
    });
  return Object.fromEntries(entries);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // A value that was not encoded and holds a percent sign stands for itself.
    return value;
  }
}

type Exports<Items> = {
  export(items: Items, done: (result: ExportResult) => void): void;
};

/** The same exporter, whose results are told. */
function tellingOf<Items, E extends Exports<Items>>(
  exporter: E & Exports<Items>,
  tell: (result: ExportResult) => void,
): E {
  const send = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    send(items, (result) => {
      tell(result);
      done(result);
    });
  return exporter;
}

/** One line when sending stops working, one when it works again. */
function createTeller(
  host: string,
  log: (event: LogEvent) => void,
): (result: ExportResult) => void {
  let isFailing = false;
  return ({ code, error }) => {
    const failed = code === ExportResultCode.FAILED;
    if (failed === isFailing) return;
    isFailing = failed;
    log(
      failed
        ? {
            level: 'warn',
            message: `telemetry cannot be sent to ${host}; requests go on`,
            detail: { reason: reasonOf(error) },
          }
        : { level: 'info', message: `telemetry can be sent to ${host} again` },
    );
  };
}

/** A code, or the name of the error: what a collector answers may repeat what it was sent. */
function reasonOf(error: Error | undefined): unknown {
  return (error !== undefined && 'code' in error && error.code) || (error?.name ?? 'unknown');
}
