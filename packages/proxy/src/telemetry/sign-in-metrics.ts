/** Metrics of a token validator: how often it is asked again, and how old its keys are. */

import { type MeterProvider, metrics } from '@opentelemetry/api';
import type { TokenValidator } from '@thv/oidc';
import { SCOPE } from './create-telemetry.ts';

export interface SignInMetricsOptions {
  /** Name of the MCP server; the attribute `thv.server`. */
  readonly server: string;
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider;
}

/**
 * Observes a validator of `@thv/oidc` whenever metrics are collected. Costs nothing in between.
 */
export function observeTokenValidator(
  validator: Pick<TokenValidator, 'status'>,
  { server, meterProvider = metrics.getMeterProvider() }: SignInMetricsOptions,
): void {
  const meter = meterProvider.getMeter(SCOPE);
  const base = { 'thv.server': server };
  const lookups = meter.createObservableCounter('thv.token_cache.lookups', {
    description: 'Tokens that were looked up among those verified a moment ago.',
    unit: '{lookup}',
  });
  const introspections = meter.createObservableCounter('thv.introspections', {
    description: 'Tokens that an introspection endpoint, or the memory of its answers, judged.',
    unit: '{lookup}',
  });
  const age = meter.createObservableGauge('thv.key_set.age', {
    description: 'Time since the signing keys were fetched.',
    unit: 's',
  });
  meter.addBatchObservableCallback(
    (result) => {
      const { tokenCache, issuers } = validator.status();
      for (const [name, value] of [
        ['hit', tokenCache.hits],
        ['miss', tokenCache.misses],
      ] as const) {
        result.observe(lookups, value, { ...base, 'thv.cache.result': name });
      }
      for (const { issuer, jwksUrl, keys, introspection } of issuers) {
        const named = { ...base, 'thv.issuer': issuer ?? withoutQuery(jwksUrl) ?? 'introspection' };
        if (keys?.age !== undefined) result.observe(age, keys.age, named);
        if (introspection === undefined) continue;
        const { asked, failed, cacheHits } = introspection;
        for (const [name, value] of [
          ['hit', cacheHits],
          ['miss', asked],
          ['error', failed],
        ] as const) {
          result.observe(introspections, value, { ...named, 'thv.cache.result': name });
        }
      }
    },
    [lookups, introspections, age],
  );
}

/** Some providers want a key there. */
function withoutQuery(url: string | undefined): string | undefined {
  return url?.replace(/[?#].*$/s, '');
}
