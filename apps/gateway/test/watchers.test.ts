import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { LogEvent } from '@thv/compose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGatewayConfig } from '../src/config.ts';
import { createGateway } from '../src/create-gateway.ts';

const BASE = {
  version: 1,
  listen: { host: '127.0.0.1' },
  issuers: [{ issuer: 'https://idp.example.com', audiences: ['mcp'] }],
  servers: {
    weather: { url: 'http://127.0.0.1:9/mcp' },
    files: { url: 'http://127.0.0.1:9/mcp' },
  },
};
const env = { OTEL: 'https://otel.example', EMPTY: '' };
const read = (more: unknown) =>
  readGatewayConfig({ ...BASE, ...(more as object) }, { folder: '/etc/thv', env });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thv-gateway-audit-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('audit', () => {
  it('is read as the contract says', () => {
    expect(read({}).audit).toBeUndefined();
    expect(read({ audit: { sink: 'stdout' } }).audit).toEqual({ sink: { kind: 'stdout' } });
    const audit = { sink: 'file:./logs/audit.log', required: true, arguments: 'none' };
    expect(read({ audit }).audit).toEqual({
      sink: { kind: 'file', path: '/etc/thv/logs/audit.log' },
      required: true,
      arguments: 'none',
    });
    expect(read({ audit: { sink: 'file:/var/log/a' } }).audit?.sink).toMatchObject({
      path: '/var/log/a',
    });
  });

  it.each([
    [{ sink: 'stdout', requird: true }, 'audit.requird: unknown key; did you mean "required"?'],
    [{}, 'audit.sink: must be a text'],
    [{ sink: 'syslog' }, 'audit.sink: must be stdout or file:PATH'],
    [{ sink: 'file:' }, 'audit.sink: must be a text'],
    [{ sink: 'stdout', arguments: 'all' }, 'audit.arguments: must be one of names, values, none'],
    [{ sink: 'stdout', required: 'yes' }, 'audit.required: must be true or false'],
  ])('refuses %j', (audit, message) => {
    expect(() => read({ audit })).toThrow(message);
  });

  it('is one log for all servers, each named in its lines', async () => {
    const file = join(folder, 'audit.log');
    const gateway = await createGateway(read({ audit: { sink: `file:${file}` } }), {
      log: () => undefined,
      boundPort: () => 8080,
    });
    const ask = (server: string) =>
      gateway.fetch(
        new Request(`http://127.0.0.1:8080/${server}/mcp`, { method: 'POST', body: '{}' }),
        { peerAddress: '192.0.2.7' },
      );
    const statuses = [(await ask('weather')).status, (await ask('files')).status];
    await gateway.close();
    expect(statuses).toEqual([401, 401]);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const refused = { outcome: 'unauthorized', source: '192.0.2.7' };
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { ...refused, server: 'weather' },
      { ...refused, server: 'files' },
    ]);
  });
});

describe('telemetry', () => {
  it('is read as the contract says', () => {
    const telemetry = {
      prometheus: { host: '127.0.0.1', port: 9464 },
      otlp: { endpoint_env: 'OTEL', sampling_rate: 0.1, headers_env: 'OTEL_HEADERS' },
    };
    expect(read({ telemetry }).telemetry).toEqual({
      serviceName: 'thv-gateway',
      prometheus: { host: '127.0.0.1', port: 9464 },
      otlp: {
        endpoint: 'https://otel.example',
        samplingRate: 0.1,
        headers: { env: 'OTEL_HEADERS' },
      },
    });
    expect(read({ telemetry: { prometheus: {}, service_name: 'gw' } }).telemetry).toEqual({
      serviceName: 'gw',
      prometheus: { host: '127.0.0.1', port: 9464 },
    });
    const plain = { endpoint: 'http://otel:4318', allow_insecure_http: true };
    const otlp = { ...plain, headers_file: 'headers' };
    expect(read({ telemetry: { otlp } }).telemetry?.otlp).toEqual({
      endpoint: 'http://otel:4318',
      samplingRate: 1,
      headers: { file: '/etc/thv/headers' },
    });
  });

  it.each([
    [{}, 'telemetry: tells nobody; give prometheus or otlp'],
    [{ otpl: {} }, 'telemetry.otpl: unknown key; did you mean "otlp"?'],
    [{ prometheus: { port: -1 } }, 'telemetry.prometheus.port: must be a port'],
    [{ otlp: {} }, 'telemetry.otlp.endpoint: must be a text'],
    [{ otlp: { endpoint_env: 'EMPTY' } }, 'telemetry.otlp.endpoint_env: EMPTY is not set'],
    [{ otlp: { endpoint: 'http://otel:4318' } }, 'telemetry.otlp.endpoint: is not encrypted'],
    [{ otlp: { endpoint: 'https://a', endpoint_env: 'OTEL' } }, 'not both'],
    [{ otlp: { endpoint: 'https://a', headers_env: 'A', headers_file: 'b' } }, 'not both'],
    [{ otlp: { endpoint: 'https://a', sampling_rate: 2 } }, 'must be from 0 to 1'],
    [{ otlp: { endpoint: 'https://a', headers: 'a=b' } }, 'unknown key'],
  ])('refuses %j', (telemetry, message) => {
    expect(() => read({ telemetry })).toThrow(message);
  });

  it('shows metrics of all servers on a listener of its own, under no other name', async () => {
    const events: LogEvent[] = [];
    const gateway = await createGateway(read({ telemetry: { prometheus: { port: 0 } } }), {
      log: (event) => events.push(event),
      boundPort: () => 8080,
    });
    try {
      await gateway.fetch(new Request('http://127.0.0.1:8080/files/mcp', { method: 'POST' }));
      const said = events.map(({ message }) => message).join('\n');
      const url = /metrics at (\S+)/.exec(said)?.[1] ?? '';
      expect(await (await fetch(url)).text()).toContain('thv_requests_total{thv_server="files"');
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.end('GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
      expect(await text(socket)).toMatch(/^HTTP\/1.1 403 /);
    } finally {
      await gateway.close();
    }
  });

  it('stops the start when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo; // a bound TCP server has one
    await expect(
      createGateway(read({ telemetry: { prometheus: { port } } }), {
        log: () => undefined,
        boundPort: () => 8080,
      }),
    ).rejects.toThrow('the port is in use');
    taken.close();
  });
});
