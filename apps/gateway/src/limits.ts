/** The `limits` of the configuration: how much, and how often. */

import type { LimitsConfig } from '@thv/compose';
import { configError } from './config-error.ts';
import {
  type Fields,
  join,
  readChoice,
  readDuration,
  readObject,
  readOptional,
} from './config-reader.ts';
import type { StoreConfig } from './store-config.ts';

/** Checked limits, for all servers together. */
export interface GatewayLimits {
  /** Bytes of a request body. */
  readonly bodyBytes: number | undefined;
  readonly rates: LimitsConfig;
}

type Rate = NonNullable<LimitsConfig['identity']>;

const MOST_REQUESTS = 1_000_000;
const SECONDS_OF_DAY = 86_400;
const MOST_BYTES = 256 * 1024 * 1024;

/** @throws GatewayConfigError naming the place and the way out */
export function readLimits(value: unknown, path: string, store: StoreConfig): GatewayLimits {
  const fields = readObject(value, path, [
    'body_bytes',
    'rate',
    'failed_sign_ins',
    'on_store_error',
  ]);
  if (fields.has('on_store_error') && (store.kind === 'memory' || !fields.has('rate'))) {
    const needed = store.kind === 'memory' ? 'store.type: redis' : 'rate';
    throw configError(join(path, 'on_store_error'), `means nothing without ${needed}`);
  }
  const optional = readOptional(fields, path);
  const bodyBytes = optional('body_bytes', (count, at) => readCount(count, at, MOST_BYTES));
  const identity = optional('rate', readIdentityRate);
  const onStoreError = optional('on_store_error', (choice, at) =>
    readChoice(choice, at, ['allow', 'deny']),
  );
  const failedSignIns = optional('failed_sign_ins', (rate, at) =>
    rate === 'none' ? rate : readRate(rate, at),
  );
  return {
    bodyBytes,
    rates: {
      ...(identity !== undefined && { identity }),
      ...(onStoreError !== undefined && { onStoreError }),
      ...(failedSignIns !== undefined && { failedSignIns }),
    },
  };
}

function readIdentityRate(value: unknown, path: string): Rate {
  const fields = readObject(value, path, ['per', 'requests', 'window']);
  readChoice(fields.get('per') ?? 'identity', join(path, 'per'), ['identity']);
  return readRateOf(fields, path);
}

function readRate(value: unknown, path: string): Rate {
  if (typeof value === 'string') throw configError(path, 'must be none, or { requests, window }');
  return readRateOf(readObject(value, path, ['requests', 'window']), path);
}

function readRateOf(fields: Fields, path: string): Rate {
  const window = readDuration(fields.get('window'), join(path, 'window'));
  if (window < 1 || window > SECONDS_OF_DAY) {
    throw configError(join(path, 'window'), 'must be from 1s to 24h');
  }
  const requests = readCount(fields.get('requests'), join(path, 'requests'), MOST_REQUESTS);
  return { requests, window: window * 1000 };
}

function readCount(value: unknown, path: string, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    throw configError(path, `must be a whole number from 1 to ${most}`);
  }
  return value;
}
