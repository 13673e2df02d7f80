import { describe, expect, it } from 'vitest';
import { parseHeaders } from '../../compose/src/telemetry/otlp-exporters.ts';
import { planTelemetry, type TelemetryFlags } from '../src/services/telemetry-options.ts';
import { splitRun } from '../src/workloads/saved-run.ts';

const plan = (flags: TelemetryFlags) => planTelemetry(flags, 'weather').telemetry;
const at = (otelEndpoint: string, more: TelemetryFlags = {}) =>
  plan({ otelEndpoint, ...more })?.otlp?.endpoint;

describe('planTelemetry', () => {
  it('tells nobody anything unless asked', () => {
    expect(plan({})).toBeUndefined();
  });

  it('keeps every trace and is named after the server', () => {
    expect(plan({ otelEndpoint: 'https://otel.example' })).toEqual({
      serviceName: 'thv-weather',
      otlp: { endpoint: 'https://otel.example', samplingRate: 1 },
    });
    expect(plan({ otelEnablePrometheusMetricsPath: true, otelServiceName: 'me' })).toEqual({
      serviceName: 'me',
      prometheus: { host: '127.0.0.1', port: 9464, orFreePort: true },
    });
  });

  it('encrypts, unless it stays on this machine or the user waives it', () => {
    expect(at('otel.example:4318')).toBe('https://otel.example:4318');
    expect(at('otel.example:4318', { otelInsecure: true })).toBe('http://otel.example:4318');
    expect(at('http://127.0.0.1:4318')).toBe('http://127.0.0.1:4318');
    expect(at('localhost:4318')).toBe('http://localhost:4318');
    expect(at('localhost.example:4318')).toBe('https://localhost.example:4318');
    expect(at('https://localhost:4318')).toBe('https://localhost:4318');
    expect(at('https://otel.example/base/')).toBe('https://otel.example/base');
    expect(() => at('http://otel.example:4318')).toThrow('--otel-endpoint: is not encrypted');
    expect(at('http://otel.example:4318', { otelInsecure: true })).toMatch(/^http:/);
  });

  it.each<[TelemetryFlags, string]>([
    [{ otelHeaders: ['a=b'] }, '--otel-headers: means nothing without --otel-endpoint'],
    [{ otelInsecure: true }, '--otel-insecure: means nothing without --otel-endpoint'],
    [{ otelSamplingRate: 0 }, '--otel-sampling-rate: means nothing without --otel-endpoint'],
    [{ otelServiceName: 'x' }, '--otel-service-name: means nothing when nobody is told'],
    [
      { otelEnablePrometheusMetricsPath: true, otelSamplingRate: 1 },
      '--otel-sampling-rate: means nothing',
    ],
    [{ otelEndpoint: 'https://a/?b' }, 'is no endpoint'],
    [{ otelEndpoint: 'https://u:p@a' }, 'must not hold a user name or password'],
    [{ otelEndpoint: 'https://a/v1/traces' }, 'leave /v1/… out'],
    [{ otelEndpoint: 'https://a', otelInsecure: true }, 'contradicts an https endpoint'],
    [{ otelEndpoint: 'a:1', otelHeaders: ['secret'] }, '--otel-headers: is not NAME=VALUE'],
  ])('refuses %j', (flags, message) => {
    expect(() => plan(flags)).toThrow(message);
  });

  it('takes headers, warns that they are seen, and saves none', async () => {
    const flags = { otelEndpoint: 'https://a', otelHeaders: ['authorization=Bearer hunter2'] };
    const { telemetry, warnings } = planTelemetry(flags, 'x');
    expect(warnings.join()).toContain('process lists show it');
    expect(JSON.stringify({ telemetry, warnings })).not.toContain('hunter2');
    const run = { name: 'x', workingDirectory: '/' };
    const saved = splitRun(run, [['otel-headers', 'authorization=Bearer hunter2']]).run;
    expect(JSON.stringify(saved)).not.toContain('hunter2');
  });
});

describe('parseHeaders', () => {
  it('reads pairs, percent-encoded or not', () => {
    expect(parseHeaders('a=b, authorization=Basic%20eA==,c=100%')).toEqual({
      a: 'b',
      authorization: 'Basic eA==',
      c: '100%',
    });
    expect(parseHeaders('')).toEqual({});
  });

  it.each(['secret', '=secret', 'a b=secret', 'a=secret%0d%0ab', 'ü=secret'])(
    'refuses %j without repeating it',
    (text) => {
      expect(() => parseHeaders(text)).toThrow(/^"otlp.headers": must be name=value/);
    },
  );
});
