/** Conditions that read what is not always there. */
import type { Expr } from '@cedar-policy/cedar-wasm/web';
import { childrenOf, isConstant, operandOf, operandsOf, operatorOf } from './expression.ts';
import { HINT_NAMES } from './hints.ts';
import type { LintContext, Problem } from './lint.ts';
import { lintNumbers } from './lint-numbers.ts';
import { accessOf, type Variable } from './policy-reads.ts';
import type { Policy } from './policy-set.ts';
import { toScope } from './scope.ts';
import { formatSuggestion } from './suggest.ts';

/** Problems of a policy's condition. */
export function lintCondition(policy: Policy, context: LintContext): readonly Problem[] {
  const { condition } = policy;
  if (condition === undefined) {
    return [];
  }
  const problems = new Map<string, Problem>();
  const report = (problem: Problem): void => {
    problems.set(`${problem.code} ${problem.at} ${problem.message}`, problem);
  };
  if (isConstant(condition, false)) {
    report({
      code: 'never-applies',
      severity: 'warning',
      message: 'its condition is always false',
    });
  }
  visit(condition, new Set(), (node, known) => {
    lintAccess(node, known, { policy, context, report });
    lintNumbers(node, context, report);
  });
  return [...problems.values()];
}

interface Lint {
  readonly policy: Policy;
  readonly context: LintContext;
  readonly report: (problem: Problem) => void;
}

type Visitor = (node: Expr, known: ReadonlySet<string>) => void;

/** Visits every node with the attributes that are known to be there when it is evaluated. */
function visit(node: Expr, known: ReadonlySet<string>, visitor: Visitor): void {
  visitor(node, known);
  const operator = operatorOf(node);
  if (operator === '&&' || operator === '||') {
    const { left, right } = operandsOf(node);
    visit(left, known, visitor);
    visit(right, union(known, factsOf(left, operator === '&&')), visitor);
  } else if (operator === 'if-then-else') {
    // The operand of `if-then-else` has these three members.
    const branches = operandOf(node) as { if: Expr; then: Expr; else: Expr };
    visit(branches.if, known, visitor);
    visit(branches.then, union(known, factsOf(branches.if, true)), visitor);
    visit(branches.else, union(known, factsOf(branches.if, false)), visitor);
  } else {
    for (const child of childrenOf(node)) {
      visit(child, known, visitor);
    }
  }
}

/** The attributes that must be there for the expression to have the value. */
function factsOf(node: Expr, value: boolean): ReadonlySet<string> {
  const operator = operatorOf(node);
  if (operator === 'has' && value) {
    const access = accessOf(node);
    return new Set(
      access?.variable === undefined ? [] : [`${access.variable}.${access.attribute}`],
    );
  }
  if (operator === '!') {
    return factsOf((operandOf(node) as { arg: Expr }).arg, !value);
  }
  if ((operator === '&&' && value) || (operator === '||' && !value)) {
    const { left, right } = operandsOf(node);
    return union(factsOf(left, value), factsOf(right, value));
  }
  // What was read without an error was there.
  return operator === '&&' || operator === '||' ? new Set() : readsIn(node);
}

function readsIn(node: Expr): ReadonlySet<string> {
  const access = operatorOf(node) === '.' ? accessOf(node) : undefined;
  if (access?.variable !== undefined) {
    return new Set([`${access.variable}.${access.attribute}`]);
  }
  const operator = operatorOf(node);
  const lazy = operator === '&&' || operator === '||' || operator === 'if-then-else';
  return lazy ? new Set() : childrenOf(node).map(readsIn).reduce(union, new Set<string>());
}

function union(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return other.size === 0 ? one : new Set([...one, ...other]);
}

/** Claims that every accepted token has. */
const SURE_CLAIMS: ReadonlySet<string> = new Set(
  ['sub', 'iss', 'aud', 'exp'].map((name) => `claim_${name}`),
);
const RESOURCE_NAMES = ['name', 'operation', 'feature', 'uri', 'template', ...HINT_NAMES];

function lintAccess(
  node: Expr,
  known: ReadonlySet<string>,
  { policy, context, report }: Lint,
): void {
  const access = accessOf(node);
  if (access?.variable === undefined) {
    return;
  }
  const { variable, attribute } = access;
  const ofStatics = staticNames(variable, context);
  if (!isKnownName(variable, attribute) && !ofStatics.has(attribute)) {
    const names = variable === 'resource' ? [...RESOURCE_NAMES, ...ofStatics] : [...ofStatics];
    report({
      code: 'unknown-attribute',
      severity: 'warning',
      message: `${variable} never has ${attribute}${formatSuggestion(attribute, names)}`,
      fix: attributeFix(variable, attribute),
      at: attribute,
    });
  } else if (
    operatorOf(node) === '.' &&
    !known.has(`${variable}.${attribute}`) &&
    !isSure(policy, variable, attribute)
  ) {
    const forbids = policy.effect === 'forbid';
    report({
      code: forbids ? 'unguarded-forbid' : 'unguarded-permit',
      severity: forbids || context.options.evaluationErrors === 'deny' ? 'warning' : 'note',
      message: forbids
        ? `a request without ${attribute} is denied, because this forbid cannot be evaluated`
        : `without ${attribute} this permit cannot be evaluated`,
      fix: `test for it first: ${variable} has ${attribute} && …`,
      at: attribute,
    });
  }
}

function isKnownName(variable: Variable, name: string): boolean {
  switch (variable) {
    case 'principal':
      return /^claim(?:set)?_/.test(name);
    case 'context':
      return /^(?:claim|claimset|arg)_/.test(name);
    case 'action':
      return name === 'operation';
    case 'resource':
      return name.startsWith('arg_') || RESOURCE_NAMES.includes(name);
    default:
      return variable satisfies never;
  }
}

function isSure(policy: Policy, variable: Variable, name: string): boolean {
  if (variable === 'action' || SURE_CLAIMS.has(name)) {
    return true;
  }
  const always = ['name', 'operation', 'feature'];
  const { action } = toScope(policy.json);
  const reads = action.equals?.endsWith('\0read_resource') ?? false;
  return variable === 'resource' && (always.includes(name) || (reads && name === 'uri'));
}

function staticNames(variable: Variable, { statics }: LintContext): ReadonlySet<string> {
  const types = {
    principal: ['Client'],
    action: ['Action'],
    resource: ['Tool', 'Prompt', 'Resource'],
    context: [],
  };
  const list: readonly string[] = types[variable];
  const names = [...statics.values()]
    .filter(({ uid }) => list.includes(uid.type))
    .flatMap(({ attrs }) => Object.keys(attrs));
  return new Set(names);
}

function attributeFix(variable: Variable, name: string): string {
  if (variable === 'principal') {
    return `claims are read as principal.claim_${name}`;
  }
  return variable === 'context'
    ? `claims are read as context.claim_${name}, arguments as context.arg_${name}`
    : `arguments are read as resource.arg_${name}`;
}
