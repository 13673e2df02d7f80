/** The keys `audit` and `telemetry` of the configuration: what is kept and told of requests. */

import type { AuditConfig, WatchersConfig } from '@thv/compose';
import { configError } from './config-error.ts';
import {
  type Fields,
  readChoice,
  readFile,
  readFlag,
  readObject,
  readOptional,
  readText,
  type Surroundings,
} from './config-reader.ts';
import { readTelemetry } from './telemetry.ts';

/**
 * Reads what the top of the file says.
 *
 * @throws GatewayConfigError naming the place and the way out
 */
export function readWatchers(top: Fields, around: Surroundings): WatchersConfig {
  const audit = readOptional(top, '')('audit', (value, path) =>
    readAudit(value, path, around.folder),
  );
  const telemetry = readOptional(top, '')('telemetry', (value, path) =>
    readTelemetry(value, path, around),
  );
  return {
    ...(audit !== undefined && { audit }),
    ...(telemetry !== undefined && { telemetry }),
  };
}

function readAudit(value: unknown, path: string, folder: string): AuditConfig {
  const fields = readObject(value, path, ['sink', 'required', 'arguments']);
  const optional = readOptional(fields, path);
  const required = optional('required', readFlag);
  const kept = optional('arguments', (given, at) =>
    readChoice(given, at, ['names', 'values', 'none']),
  );
  return {
    sink: readSink(fields.get('sink'), `${path}.sink`, folder),
    ...(required !== undefined && { required }),
    ...(kept !== undefined && { arguments: kept }),
  };
}

function readSink(value: unknown, path: string, folder: string): AuditConfig['sink'] {
  const text = readText(value, path);
  if (text === 'stdout') return { kind: 'stdout' };
  if (!text.startsWith('file:')) throw configError(path, 'must be stdout or file:PATH');
  return { kind: 'file', path: readFile(text.slice('file:'.length), path, folder) };
}
