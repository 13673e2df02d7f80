/** The keys about timeouts, sessions and processes of a server. */

import { findIdleServing, type PlainUpstreamConfig, type ServingConfig } from '@thv/compose';
import { configError } from './config-error.ts';
import {
  type Fields,
  join,
  readChoice,
  readDuration,
  readFlag,
  readOptional,
} from './config-reader.ts';

export const SERVING_KEYS = [
  'request_timeout',
  'session_ttl',
  'stateless',
  'stdio_isolation',
] as const;

const KEYS: Readonly<Record<keyof ServingConfig, (typeof SERVING_KEYS)[number]>> = {
  requestTimeout: 'request_timeout',
  sessionTtl: 'session_ttl',
  stateless: 'stateless',
  isolation: 'stdio_isolation',
};

/** @throws GatewayConfigError naming the place and the way out */
export function readServing(
  fields: Fields,
  path: string,
  upstream: PlainUpstreamConfig,
): ServingConfig {
  const optional = readOptional(fields, path);
  const requestTimeout = optional(KEYS.requestTimeout, readTime(MOST_TIMEOUT));
  const sessionTtl = optional(KEYS.sessionTtl, readTime(MOST_TTL));
  const stateless = optional(KEYS.stateless, readFlag);
  const isolation = optional(KEYS.isolation, (value, at) =>
    readChoice(value, at, ['shared', 'session']),
  );
  const serving: ServingConfig = {
    ...(requestTimeout !== undefined && { requestTimeout }),
    ...(sessionTtl !== undefined && { sessionTtl }),
    ...(stateless !== undefined && { stateless }),
    ...(isolation !== undefined && { isolation }),
  };
  const idle = findIdleServing(serving, upstream);
  if (idle !== undefined) {
    throw configError(join(path, KEYS[idle.key]), `means nothing: ${idle.why}`);
  }
  return serving;
}

const SECONDS_OF_DAY = 86_400;
const MOST_TIMEOUT = SECONDS_OF_DAY;
const MOST_TTL = 30 * SECONDS_OF_DAY;

/** In milliseconds. */
function readTime(most: number) {
  return (value: unknown, path: string): number => {
    const seconds = readDuration(value, path);
    if (seconds < 1 || seconds > most) {
      throw configError(path, `must be from 1s to ${(most / SECONDS_OF_DAY) * 24}h`);
    }
    return seconds * 1000;
  };
}
