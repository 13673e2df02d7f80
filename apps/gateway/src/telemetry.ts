/** The key `telemetry` of the configuration: traces and metrics, and to whom they are told. */

import type { OtlpConfig, PrometheusConfig, TelemetryConfig } from '@thv/compose';
import { isLoopbackHost } from '@thv/oidc';
import { configError } from './config-error.ts';
import {
  type Fields,
  join,
  readFlag,
  readObject,
  readOptional,
  readPort,
  readText,
  readUrl,
  type Surroundings,
} from './config-reader.ts';
import { readSecret } from './secret.ts';

/** @throws GatewayConfigError naming the place and the way out */
export function readTelemetry(value: unknown, path: string, around: Surroundings): TelemetryConfig {
  const fields = readObject(value, path, ['service_name', 'prometheus', 'otlp']);
  const optional = readOptional(fields, path);
  const prometheus = optional('prometheus', readPrometheus);
  const otlp = optional('otlp', (given, at) => readOtlp(given, at, around));
  if (prometheus === undefined && otlp === undefined) {
    throw configError(path, 'tells nobody; give prometheus or otlp');
  }
  return {
    serviceName: optional('service_name', readText) ?? 'thv-gateway',
    ...(prometheus !== undefined && { prometheus }),
    ...(otlp !== undefined && { otlp }),
  };
}

function readPrometheus(value: unknown, path: string): PrometheusConfig {
  const fields = readObject(value, path, ['host', 'port']);
  const optional = readOptional(fields, path);
  return {
    host: optional('host', readText) ?? '127.0.0.1',
    port: optional('port', readPort) ?? 9464,
  };
}

function readOtlp(value: unknown, path: string, around: Surroundings): OtlpConfig {
  const fields = readObject(value, path, [
    ...['endpoint', 'endpoint_env', 'sampling_rate', 'headers_env', 'headers_file'],
    'allow_insecure_http',
  ]);
  const optional = readOptional(fields, path);
  const endpoint = readEndpoint(fields, path, around);
  const plain = optional('allow_insecure_http', readFlag) ?? false;
  const { protocol, hostname } = new URL(endpoint);
  if (protocol === 'http:' && !plain && !isLoopbackHost(hostname)) {
    throw configError(
      join(path, 'endpoint'),
      'is not encrypted; use https, or set allow_insecure_http if it is meant',
    );
  }
  const headers = readSecret(fields, join(path, 'headers'), around.folder);
  return {
    endpoint,
    samplingRate: optional('sampling_rate', readShare) ?? 1,
    ...(headers !== undefined && { headers }),
  };
}

function readEndpoint(fields: Fields, path: string, { env }: Surroundings): string {
  const variable = fields.get('endpoint_env');
  if (variable === undefined) return readUrl(fields.get('endpoint'), join(path, 'endpoint'));
  const at = join(path, 'endpoint_env');
  if (fields.has('endpoint')) throw configError(path, 'give endpoint or endpoint_env, not both');
  const name = readText(variable, at);
  const text = env[name];
  if (text === undefined || text === '') throw configError(at, `${name} is not set`);
  return readUrl(text, at);
}

function readShare(value: unknown, path: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
    throw configError(path, 'must be from 0 to 1');
  }
  return value;
}
