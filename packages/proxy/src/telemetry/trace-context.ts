/** Where a trace comes from and where it goes on (W3C Trace Context, SEP-414). */

import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { isRecord } from '../mcp/json-rpc.ts';
import type { ObservedRequest } from '../observer.ts';

/** What a span begins with. */
export interface TraceParent {
  readonly context: Context;
  /** The trace of the HTTP request, where the message names another one. */
  readonly links: Link[];
}

/** Baggage could hold anything; only these two go on. */
const NAMES = ['traceparent', 'tracestate'];

/**
 * Reads the trace that a request belongs to: what its message says in `_meta`, else its headers.
 *
 * Nobody who was not admitted decides what is traced, or puts spans into traces of others.
 */
export function readTraceParent(
  { identity, message, headers }: ObservedRequest,
  propagator: TextMapPropagator,
): TraceParent {
  if (identity === undefined) return { context: ROOT_CONTEXT, links: [] };
  const meta = message?.params?.['_meta'];
  const inMessage = extract(propagator, (name) => (isRecord(meta) ? meta[name] : undefined));
  const inHeaders = extract(propagator, (name) => headers.get(name));
  const [own, outer] = [trace.getSpanContext(inMessage), trace.getSpanContext(inHeaders)];
  if (own === undefined) return { context: inHeaders, links: [] };
  const isAnother = outer !== undefined && outer.spanId !== own.spanId;
  return { context: inMessage, links: isAnother ? [{ context: outer }] : [] };
}

/** The headers that continue a trace; an empty one stands for none. */
export function writeTraceParent(
  context: Context,
  propagator: TextMapPropagator,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, {
    set: (carrier, name, value) => {
      if (NAMES.includes(name)) carrier[name] = value;
    },
  });
  // A state of the caller's belongs to the parent of the caller's.
  return headers['traceparent'] === undefined ? {} : { tracestate: '', ...headers };
}

function extract(propagator: TextMapPropagator, read: (name: string) => unknown): Context {
  return propagator.extract(ROOT_CONTEXT, undefined, {
    keys: () => NAMES,
    get: (_carrier, name) => {
      const value = read(name);
      return typeof value === 'string' ? value : undefined;
    },
  });
}
