/** The metrics of a proxy: names by the semantic conventions for MCP where they have one. */

import type { Counter, Histogram, Meter, UpDownCounter } from '@opentelemetry/api';

export interface Instruments {
  readonly operations: Histogram;
  readonly upstream: Histogram;
  readonly requests: Counter;
  readonly signIns: Counter;
  readonly decisions: Histogram;
  readonly streams: UpDownCounter;
}

/** Seconds; what the conventions advise for MCP operations. */
const OPERATION = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
/** Seconds; most decisions take less than a tenth of a millisecond. */
const DECISION = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1];

export function createInstruments(meter: Meter): Instruments {
  const histogram = (name: string, description: string, bounds: number[]): Histogram =>
    meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: bounds },
    });
  return {
    operations: histogram(
      'mcp.server.operation.duration',
      'Time until the answer to an MCP message began.',
      OPERATION,
    ),
    upstream: histogram(
      'mcp.client.operation.duration',
      'Time until the MCP server began to answer.',
      OPERATION,
    ),
    requests: meter.createCounter('thv.requests', {
      description: 'Requests on MCP endpoints.',
      unit: '{request}',
    }),
    signIns: meter.createCounter('thv.sign_ins', {
      description: 'Credentials that were judged.',
      unit: '{request}',
    }),
    decisions: histogram('thv.decision.duration', 'Time that a policy decision took.', DECISION),
    streams: meter.createUpDownCounter('thv.streams', {
      description: 'Open event streams to clients.',
      unit: '{stream}',
    }),
  };
}
