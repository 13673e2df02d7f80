/** The OpenTelemetry SDK, set up for one process. Loaded only where telemetry is asked for. */

import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TokenValidator } from '@thv/oidc';
import type { ProxyObserver } from '@thv/proxy';
import { createTelemetry, observeTokenValidator } from '@thv/proxy/telemetry';
import type { LogEvent } from '../config.ts';
import type { TelemetryConfig } from '../observability-config.ts';
import { createOtlpExporters } from './otlp-exporters.ts';
import { startPrometheus } from './prometheus-listener.ts';

/** Telemetry that several servers share. */
export interface OpenTelemetry {
  readonly observerFor: (server: string) => ProxyObserver;
  /** Tells of the tokens of a server: cache hits, age of keys. */
  readonly watchSignIn: (server: string, validator: Pick<TokenValidator, 'status'>) => void;
  readonly close: () => Promise<void>;
}

/** Milliseconds that a collector may take for what is left when the process ends. */
const LAST_WORDS = 2_000;

/** @throws when the metrics cannot be listened for, or the headers cannot be read */
export async function openTelemetry(
  config: TelemetryConfig,
  log: (event: LogEvent) => void,
): Promise<OpenTelemetry> {
  const { serviceName, otlp, prometheus } = config;
  const resource = defaultResource().merge(resourceFromAttributes({ 'service.name': serviceName }));
  const exporters = otlp && (await createOtlpExporters(otlp, log));
  const scraped = prometheus && (await startPrometheus(prometheus, log));
  const readers: IMetricReader[] = [exporters?.metrics, scraped?.reader].filter(
    (reader) => reader !== undefined,
  );
  const meterProvider = new MeterProvider({ resource, readers });
  const tracerProvider =
    exporters && otlp
      ? new TracerProvider({
          resource,
          sampler: createSampler(otlp.samplingRate),
          spanProcessors: [new BatchSpanProcessor({ exporter: exporters.traces })],
        })
      : undefined;
  const providers = { meterProvider, ...(tracerProvider !== undefined && { tracerProvider }) };

  return {
    observerFor: (server) =>
      createTelemetry({ server, ...providers, propagator: new W3CTraceContextPropagator() }),
    watchSignIn: (server, validator) => observeTokenValidator(validator, { server, meterProvider }),
    close: async () => {
      await scraped?.close();
      const done = await atMost(LAST_WORDS, [tracerProvider?.shutdown(), meterProvider.shutdown()]);
      if (!done) log({ level: 'warn', message: 'the last of the telemetry could not be sent' });
    },
  };
}

/** Callers may keep a trace out, but not have more of them kept than the operator wants. */
function createSampler(rate: number): ParentBasedSampler {
  const share = new TraceIdRatioBasedSampler(rate);
  return new ParentBasedSampler({ root: share, remoteParentSampled: share });
}

/** Waits for all, but not for long: a collector that is away must not keep a process. */
async function atMost(milliseconds: number, work: readonly unknown[]): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const done = await Promise.race([Promise.allSettled(work).then(() => true), late]);
  clearTimeout(timer);
  return done;
}
