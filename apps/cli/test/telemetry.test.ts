/** Traces and metrics of what `thv` protects, as a collector and as Prometheus see them. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
import { callTool, serve } from './serve.ts';
import { startThv } from './spawn-thv.ts';
import { startUpstreamServer, type UpstreamServer } from './upstream-server.ts';

let idp: DevIdp;
let upstream: UpstreamServer;
let collector: OtlpReceiver;
let token: string;

beforeAll(async () => {
  [idp, upstream, collector] = await Promise.all([
    startDevIdp(),
    startUpstreamServer(),
    startOtlpReceiver(),
  ]);
  token = await idp.issueToken({ sub: 'alice', aud: 'mcp', claims: { department: 'payroll' } });
});

afterAll(() => Promise.all([idp.close(), upstream.close(), collector.close()]));

const signIn = () => ['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'];

describe('thv run -f', () => {
  it('sends the spans of a request to a collector, and shows metrics to Prometheus', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const thv = startThv(
      [
        ...['run', '-f', '--name', 'x', ...signIn(), '--otel-endpoint', collector.endpoint],
        ...['--otel-enable-prometheus-metrics-path', upstream.url],
      ],
      { env: { OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=hunter2' } },
    );
    try {
      const { said, child, finished } = thv;
      const seen = /"url": "(http[^"]+)"/;
      await vi.waitFor(() => expect(said.out, said.err).toMatch(seen), { timeout: 15_000 });
      const url = seen.exec(said.out)![1]!; // as has just been expected
      expect((await callTool(url, token, { traceparent })).status).toBe(200);
      expect((await callTool(url)).status).toBe(401);

      const metricsUrl = /metrics at (\S+)/.exec(said.err)![1]!;
      const text = await (await fetch(metricsUrl)).text();
      const samples = readMetrics(text);
      const call = 'mcp_method_name="tools/call"';
      expect(find(samples, 'thv_requests_total', 'thv_server="x"', call, '"success"')).toBe(1);
      expect(find(samples, 'thv_requests_total', '"unauthorized"')).toBe(1);
      expect(find(samples, 'thv_sign_ins_total', '"accepted"')).toBe(1);
      expect(find(samples, 'thv_sign_ins_total', '"refused"', 'ERR_OIDC_CREDENTIALS_MISSING')).toBe(
        1,
      );
      expect(find(samples, 'thv_token_cache_lookups_total', '"miss"')).toBe(1);
      expect(find(samples, 'thv_key_set_age', idp.issuer)).toBeGreaterThanOrEqual(0);
      expect(find(samples, 'mcp_server_operation_duration_count', call)).toBe(1);
      expect(find(samples, 'mcp_client_operation_duration_count', call)).toBe(1);
      expect(find(samples, 'thv_sessions')).toBe(0);
      // D37: never on the port of the proxy, never under another name, and nothing else there.
      expect((await fetch(new URL('/metrics', url))).status).toBe(404);
      expect((await fetch(new URL('/', metricsUrl))).status).toBe(404);
      expect((await fetch(metricsUrl, { method: 'POST' })).status).toBe(405);

      child.kill('SIGTERM');
      expect((await finished).code).toBe(0);
      const [server, question] = ['server', 'client'].map((kind) =>
        collector.spans.find((span) => span.kind === kind && span.name === 'tools/call weather'),
      );
      expect(server).toMatchObject({
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        parentId: '00f067aa0ba902b7',
        service: 'thv-x',
        attributes: {
          'mcp.method.name': 'tools/call',
          'gen_ai.tool.name': 'weather',
          'http.response.status_code': 200,
          'client.address': '127.0.0.1',
          'thv.outcome': 'success',
        },
      });
      expect(question?.parentId).toBe(server?.spanId);
      expect(upstream.calls.at(-1)?.['traceparent']).toBe(
        `00-${question?.traceId}-${question?.spanId}-01`,
      );
      expect(collector.metrics).toContain('thv.requests');
      expect(collector.headers.every((one) => one['x-api-key'] === 'hunter2')).toBe(true);
      const told = Buffer.concat([...collector.bodies, Buffer.from(text)]).toString('latin1');
      expect(told).not.toMatch(/eyJ|payroll|alice/);
      expect(said.err).not.toContain('hunter2');
    } finally {
      thv.child.kill('SIGKILL');
      await thv.finished;
    }
  });
});

it('serves as ever when the collector is away, says so, and ends in time', async () => {
  // Takes connections and never answers.
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const server = await serve([...signIn(), '--otel-endpoint', `http://127.0.0.1:${port}`], {
    target: upstream.url,
  });
  try {
    expect((await callTool(server.url, token)).status).toBe(200);
    expect(await server.stop()).toBe(0);
    expect(server.said.err).toContain('warning: the last of the telemetry could not be sent');
  } finally {
    silent.close();
  }
});

it('takes another port for metrics when theirs is taken', async () => {
  const one = ['--otel-enable-prometheus-metrics-path'];
  const first = await serve(one, { target: upstream.url });
  const second = await serve(one, { target: upstream.url });
  try {
    const [a, b] = [first, second].map(({ said }) => /metrics at (\S+)/.exec(said.err)?.[1]);
    expect(a).not.toBe(b);
    expect(second.said.err).toContain('warning: port 9464 is in use: metrics at http://127.0.0.1:');
    expect((await fetch(b ?? '')).status).toBe(200);
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
});

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** Every line of the text format is a comment or a sample. */
function readMetrics(text: string): readonly Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name = '', labels = '', value] =
      /^([a-z_][a-z0-9_]*)(\{(?:[a-z_]\w*="(?:[^"\\]|\\.)*",?)*\})? (\S+)$/.exec(line) ?? [];
    expect(Number.isNaN(Number(value)), line).toBe(false);
    return { name, labels, value: Number(value) };
  });
}

function find(samples: readonly Sample[], name: string, ...labels: readonly string[]) {
  return samples.find(
    (sample) => sample.name === name && labels.every((one) => sample.labels.includes(one)),
  )?.value;
}
