/**
 * Slices, caches and listing sets against plain Cedar. `THV_FUZZ_RUNS` sets the number of cases,
 * `THV_FUZZ_SEED` repeats a run; the seed is printed.
 */
import {
  type AuthorizeRequest,
  type Authorizer,
  createAuthorizer,
  type Decision,
} from '@thv/authz';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorizerOf, cedar, configOf } from './support/authorizer.ts';
import { createOracle } from './support/oracle.ts';
import { args, claims, entities, hints, policy, requests } from './support/random-policies.ts';

const numRuns = Number(process.env['THV_FUZZ_RUNS'] ?? 1_000);
const seed = Number(process.env['THV_FUZZ_SEED'] ?? 20_261_123);
const TIMEOUT = 3_600_000;
const SERVER = 's';

const policies = fc.oneof(
  { weight: 8, arbitrary: fc.array(policy, { minLength: 1, maxLength: 8 }) },
  // Enough for policies to be sliced instead of prepared together.
  { weight: 1, arbitrary: fc.array(policy, { minLength: 18, maxLength: 30 }) },
);
const evaluationErrors = fc.constantFrom('isolate', 'deny');

const decide = (authorizer: Authorizer, asked: AuthorizeRequest): Decision =>
  authorizer.authorize(asked) as Decision;

describe('createAuthorizer', () => {
  it(`decides as plain Cedar does (${numRuns} cases, seed ${seed})`, { timeout: TIMEOUT }, () => {
    const property = fc.property(
      policies,
      entities,
      evaluationErrors,
      requests,
      (texts, list, evaluation_errors, asks) => {
        const config = configOf(texts, { entities: list, evaluation_errors });
        const authorizer = createAuthorizer(config, { cedar, serverName: SERVER });
        const oracle = createOracle(config, SERVER);
        // Twice: the second time from what was kept.
        for (const asked of [...asks, ...asks]) {
          const { allowed, policies: found, errors } = decide(authorizer, asked);
          expect({
            allowed,
            policies: [...found].sort(),
            errors: errors.map((error) => error.policy).sort(),
          }).toEqual(oracle(asked));
        }
      },
    );
    fc.assert(property, { numRuns, seed });
  });

  it('never hides a tool that some arguments permit', { timeout: TIMEOUT }, () => {
    const property = fc.property(
      fc.array(policy, { minLength: 1, maxLength: 6 }),
      entities,
      evaluationErrors,
      fc.record({ claims, hints, args: fc.array(args, { minLength: 1, maxLength: 12 }) }),
      (texts, list, evaluation_errors, given) => {
        const config = configOf(texts, { entities: list, evaluation_errors });
        const authorizer = createAuthorizer(config, { cedar, serverName: SERVER });
        const identity = { subject: 'alice', claims: given.claims };
        const names = ['weather', 'calc', 'rm'];
        const annotations = JSON.parse(JSON.stringify(given.hints)) as Record<string, boolean>;
        const tools = names.map((name) => ({ name, annotations }));
        const listed = authorizer.filterList({ identity, list: 'tools' }, { tools });
        const kept = 'kept' in listed && listed.ok ? listed.kept.map((at) => names[at]) : [];
        for (const target of names) {
          for (const one of given.args) {
            const asked = {
              identity,
              action: 'call_tool',
              target,
              arguments: one,
              hints: annotations,
            } as const;
            if (decide(authorizer, asked).allowed) {
              expect(kept).toContain(target);
            }
          }
        }
      },
    );
    fc.assert(property, { numRuns: Math.ceil(numRuns / 2), seed });
  });

  it('never allows more after a forbid was added', { timeout: TIMEOUT }, () => {
    const property = fc.property(
      fc.array(policy, { minLength: 1, maxLength: 5 }),
      policy.map((text) => text.replace(/^permit/, 'forbid')),
      requests,
      (texts, forbid, asks) => {
        const before = authorizerOf(texts, {}, SERVER);
        const after = authorizerOf([...texts, forbid], {}, SERVER);
        for (const asked of asks) {
          expect(decide(after, asked).allowed && !decide(before, asked).allowed).toBe(false);
        }
      },
    );
    fc.assert(property, { numRuns: Math.ceil(numRuns / 4), seed });
  });
});
