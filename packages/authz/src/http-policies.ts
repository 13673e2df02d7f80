/** A configuration whose decisions come from an HTTP decision point. */
import { createHttpEngine, type HttpEngineOptions } from './http-engine.ts';
import { isAuthzAction, LISTS } from './operations.ts';
import type { PolicyEngine } from './policy-engine.ts';
import type { Verdict } from './verdict.ts';

const CONCURRENT = 8;

/** Creates an engine that asks a decision point, for lists item by item. */
export function createHttpPolicies(options: HttpEngineOptions): PolicyEngine {
  const ask = createHttpEngine(options);
  return {
    // What the decision point looks at is unknown, so it is told the hints in every case.
    readsHints: true,
    decide: (request) =>
      isAuthzAction(request.action) && typeof request.target === 'string'
        ? ask(request)
        : { allowed: false, policies: [], errors: [{ policy: '', message: 'unknown request' }] },
    decideItems: async ({ identity, list }, items) => {
      const { action } = LISTS[list];
      const verdicts: Verdict[] = [];
      for (let start = 0; start < items.length; start += CONCURRENT) {
        const batch = items.slice(start, start + CONCURRENT);
        verdicts.push(
          ...(await Promise.all(
            batch.map(({ target, hints }) => ask({ identity, action, target, hints })),
          )),
        );
      }
      return verdicts;
    },
  };
}
