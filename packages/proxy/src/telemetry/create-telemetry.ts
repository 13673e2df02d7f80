/** Spans and metrics of a proxy, through the OpenTelemetry API (D39). */

import {
  type Attributes,
  type MeterProvider,
  metrics,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { ObservedRequest, ProxyObserver, RequestObservation } from '../observer.ts';
import type { ExchangeReport } from '../report.ts';
import { messageAttributes, reportAttributes, spanName } from './attributes.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { createCodeLabels, httpMethodLabel, methodLabel } from './labels.ts';
import { errorTypeOf, signInOf } from './outcomes.ts';
import { readTraceParent, type TraceParent, writeTraceParent } from './trace-context.ts';

export interface TelemetryOptions {
  /** Name of the MCP server; the attribute `thv.server` of everything. */
  readonly server: string;
  /** Default: the global one, which does nothing until somebody registers another. */
  readonly tracerProvider?: TracerProvider;
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider;
  /** Reads and writes `traceparent`. Default: the global one. */
  readonly propagator?: TextMapPropagator;
  /** Milliseconds of a clock that never goes back. Default `performance.now`. */
  readonly clock?: () => number;
}

/** The instrumentation scope of everything that comes from here. */
export const SCOPE = '@thv/proxy';

/**
 * Creates the observer to give to `createProxy`.
 *
 * A request is a `SERVER` span, the question to the MCP server a `CLIENT` span below it, whose
 * `traceparent` goes with the question. Metrics name servers, known methods, outcomes and codes, never
 * what callers choose.
 */
export function createTelemetry(options: TelemetryOptions): ProxyObserver {
  const { server, propagator = propagation, clock = () => performance.now() } = options;
  const tracer = (options.tracerProvider ?? trace.getTracerProvider()).getTracer(SCOPE);
  const meter = (options.meterProvider ?? metrics.getMeterProvider()).getMeter(SCOPE);
  const common: Common = {
    tracer,
    propagator,
    clock,
    instruments: createInstruments(meter),
    codeLabel: createCodeLabels(),
    base: { 'thv.server': server },
  };
  const { instruments, base } = common;
  return {
    begin: (request) => observeRequest(request, common),
    deciding() {
      const begun = clock();
      return ({ allowed }) =>
        instruments.decisions.record((clock() - begun) / 1000, {
          ...base,
          'thv.decision': allowed ? 'allow' : 'deny',
        });
    },
    streaming() {
      instruments.streams.add(1, base);
      return () => instruments.streams.add(-1, base);
    },
    sessions(count) {
      const gauge = meter.createObservableGauge('thv.sessions', {
        description: 'Sessions that are held.',
        unit: '{session}',
      });
      gauge.addCallback((result) => {
        const held = count();
        if (held !== undefined) result.observe(held, base);
      });
    },
  };
}

interface Common {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator | typeof propagation;
  readonly clock: () => number;
  readonly instruments: Instruments;
  readonly codeLabel: (code: string) => string;
  readonly base: Attributes;
}

function observeRequest(request: ObservedRequest, common: Common): RequestObservation {
  const { tracer, instruments, base, clock } = common;
  const propagator = common.propagator as TextMapPropagator; // both have what is used of it
  const parent: TraceParent = readTraceParent(request, propagator);
  const name = spanName(request);
  const attributes = { ...base, ...messageAttributes(request) };
  const span = tracer.startSpan(
    name,
    { kind: SpanKind.SERVER, startTime: request.startedAt, attributes, links: parent.links },
    parent.context,
  );
  const method = request.message?.method;
  const methodName = method === undefined ? undefined : methodLabel(method);

  return {
    asking() {
      const begun = clock();
      const context = trace.setSpan(parent.context, span);
      const client = tracer.startSpan(
        name,
        { kind: SpanKind.CLIENT, attributes: { ...attributes } },
        context,
      );
      return {
        headers: writeTraceParent(trace.setSpan(context, client), propagator),
        ended(outcome) {
          const failure = errorTypeOf(outcome);
          endSpan(client, failure, failure !== undefined);
          instruments.upstream.record((clock() - begun) / 1000, {
            ...base,
            ...(methodName !== undefined && { 'mcp.method.name': methodName }),
            ...(failure !== undefined && { 'error.type': common.codeLabel(failure) }),
          });
        },
      };
    },
    answered(report, session) {
      if (span.isRecording()) {
        if (request.message === undefined) span.updateName(httpMethodLabel(report.httpMethod));
        span.setAttributes(reportAttributes(report, session));
      }
      endSpan(span, report.reason, isFailure(report));
      count(report, methodName, common);
    },
  };
}

/** A refusal is no failure of the server that refuses. */
function isFailure({ status, reason }: ExchangeReport): boolean {
  return status >= 500 || reason?.startsWith('withheld') === true;
}

function endSpan(span: Span, type: string | undefined, failed: boolean): void {
  if (type !== undefined) span.setAttribute('error.type', type);
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function count(
  report: ExchangeReport,
  methodName: string | undefined,
  { instruments, base, codeLabel }: Common,
): void {
  const reason = report.reason === undefined ? undefined : codeLabel(report.reason);
  const failed = reason !== undefined && { 'error.type': reason };
  instruments.requests.add(1, {
    ...base,
    ...(methodName === undefined
      ? { 'http.request.method': httpMethodLabel(report.httpMethod) }
      : { 'mcp.method.name': methodName }),
    'http.response.status_code': report.status,
    'thv.outcome': report.outcome,
    ...failed,
  });
  if (methodName !== undefined) {
    instruments.operations.record(report.duration / 1000, {
      ...base,
      'mcp.method.name': methodName,
      ...failed,
    });
  }
  const signIn = signInOf(report);
  if (signIn !== undefined)
    instruments.signIns.add(1, {
      ...base,
      'thv.result': signIn,
      ...(signIn !== 'accepted' && failed),
    });
}
