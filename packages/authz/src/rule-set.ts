/**
 * Rules as Cedar is given them. Which rules apply is known from their scopes, and what follows from
 * them is decided in `verdict.ts`; so a set holds conditions only, all with the effect `permit`, and
 * Cedar reports every one that is satisfied.
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/web';
import { flattenCondition } from './flatten.ts';
import type { Rule } from './rules.ts';
import type { PolicySource } from './slot-pool.ts';

/** Rules that are prepared together. */
export interface RuleSet extends PolicySource {
  readonly byName: ReadonlyMap<string, Rule>;
}

/** How the rules of a set are put to Cedar. */
export type RuleForm =
  /** Over the flat record of `flatten.ts`. */
  | 'flat'
  /** As written, over entities. */
  | 'entities'
  /** The whole policy as text, because it nests too deeply for Cedar's JSON form. */
  | 'text';

/** Makes a set of rules. With the form `text` all must have the same effect. */
export function createRuleSet(rules: readonly Rule[], form: RuleForm): RuleSet {
  return {
    size: rules.length,
    byName: new Map(rules.map((rule) => [rule.name, rule])),
    forms: () => Object.fromEntries(rules.map((rule) => [rule.name, toForm(rule, form)])),
  };
}

function toForm(
  { policy, condition = { Value: true } }: Rule,
  form: RuleForm,
): string | PolicyJson {
  if (form === 'text') {
    return policy.statement.text;
  }
  return {
    effect: 'permit',
    principal: { op: 'All' },
    action: { op: 'All' },
    resource: { op: 'All' },
    conditions: [{ kind: 'when', body: form === 'flat' ? flattenCondition(condition) : condition }],
  };
}
