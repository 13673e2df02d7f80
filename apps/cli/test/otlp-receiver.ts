/** A collector for tests: takes OTLP over HTTP and keeps what it got. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { attributesAt, messagesAt, readProtobuf } from './protobuf.ts';

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly service: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** Names of the metrics. */
  readonly metrics: ReadonlySet<string>;
  readonly headers: readonly IncomingHttpHeaders[];
  /** Everything, as it came. */
  readonly bodies: readonly Buffer[];
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics = new Set<string>();
  const headers: IncomingHttpHeaders[] = [];
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    headers.push(request.headers);
    bodies.push(body);
    if (request.url === '/v1/traces') spans.push(...readSpans(body));
    if (request.url === '/v1/metrics') {
      // ResourceMetrics, ScopeMetrics, Metric, name.
      for (const name of messagesAt(body, 1, 2, 2, 1)) metrics.add(String(name));
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a bound TCP server has one
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    metrics,
    headers,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readSpans(body: Buffer): readonly ReceivedSpan[] {
  return messagesAt(body, 1).flatMap((resource) => {
    const [about = Buffer.alloc(0)] = messagesAt(resource, 1);
    const service = attributesAt(about, 1)['service.name'];
    return messagesAt(resource, 2, 2).map((span): ReceivedSpan => {
      const hex = (number: number) => messagesAt(span, number)[0]?.toString('hex') ?? '';
      return {
        name: String(messagesAt(span, 5)[0]),
        kind: readProtobuf(span).get(6)?.[0] === 2n ? 'server' : 'client',
        traceId: hex(1),
        spanId: hex(2),
        parentId: hex(4),
        service,
        attributes: attributesAt(span, 9),
      };
    });
  });
}
