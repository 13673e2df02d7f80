/** What a condition reads: the base of slicing, of cache keys and of the listing policies. */
import type { Expr, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { plainUid } from './entity-uid.ts';
import { childrenOf, operandOf, operatorOf, walkExpression } from './expression.ts';
import { isHintName } from './hints.ts';

/** The variables of a Cedar request. */
export type Variable = 'principal' | 'action' | 'resource' | 'context';

/** What a condition can depend on. */
export interface ConditionReads {
  /** Attributes read directly on each variable. */
  readonly attributes: Readonly<Record<Variable, ReadonlySet<string>>>;
  /** Variables whose entity itself is compared, tested or passed on. */
  readonly bare: ReadonlySet<Variable>;
  /** Literal entities that something is tested to be `in`. */
  readonly targets: readonly TypeAndId[];
  /** True when it can reach more than the above: other entities, tags, computed values. */
  readonly everything: boolean;
}

const ARGUMENT = 'arg_';
const argumentReaders = new WeakMap<object, boolean>();

/**
 * True when the expression can read a call argument: `arg_*` on `context` or `resource`, the whole
 * context, or `arg_*` on anything that may turn out to be the resource.
 */
export function readsArguments(expression: Expr): boolean {
  const known = argumentReaders.get(expression);
  if (known !== undefined) {
    return known;
  }
  const found = findArgument(expression);
  argumentReaders.set(expression, found);
  return found;
}

/** Analyses one condition. */
export function analyseCondition(condition: Expr): ConditionReads {
  const attributes = {
    principal: new Set<string>(),
    action: new Set<string>(),
    resource: new Set<string>(),
    context: new Set<string>(),
  };
  const bare = new Set<Variable>();
  const targets: TypeAndId[] = [];
  let everything = false;

  const visit = (node: Expr): void => {
    const operator = operatorOf(node);
    const access = accessOf(node);
    if (operator === 'Var') {
      bare.add(operandOf(node) as Variable);
    } else if (access !== undefined) {
      if (access.variable !== undefined) {
        attributes[access.variable].add(access.attribute);
        return;
      }
      everything ||= !isPlainData(access.base);
    } else if (operator === 'in' || operator === 'is') {
      everything ||= !readTargets(node, targets);
    } else if (operator === 'getTag' || operator === 'hasTag') {
      everything = true;
    }
    for (const child of childrenOf(node)) {
      visit(child);
    }
  };
  visit(condition);
  return { attributes, bare, targets, everything: everything || bare.has('context') };
}

/** True when the condition can read a hint, by name or through something computed (D30). */
export function readsHints(condition: Expr): boolean {
  let found = false;
  walkExpression(condition, (node) => {
    const access = accessOf(node);
    if (access?.path.some(isHintName) === true && mayBeTheResource(access.base)) {
      found = true;
    }
  });
  return found;
}

interface Access {
  readonly base: Expr;
  readonly attribute: string;
  /** All names of a `has a.b.c`; the one name of an access. */
  readonly path: readonly string[];
  /** The variable that is read directly. */
  readonly variable: Variable | undefined;
}

/** The attribute access or `has` test that a node is. */
export function accessOf(node: Expr): Access | undefined {
  const operator = operatorOf(node);
  if (operator !== '.' && operator !== 'has') {
    return undefined;
  }
  // Both have `left` and `attr`; the attribute of `has` may be a path.
  const { left, attr } = operandOf(node) as { left: Expr; attr: string | string[] };
  const path = typeof attr === 'string' ? [attr] : attr;
  const variable = 'Var' in left ? (left.Var as Variable) : undefined;
  // `has a.b` looks into the value of `a`: more than one name reaches beyond the variable.
  const plain = path.length === 1 || (variable !== undefined && isDataName(variable, path[0]!));
  return { base: left, attribute: path[0] ?? '', path, variable: plain ? variable : undefined };
}

function findArgument(expression: Expr): boolean {
  if (operatorOf(expression) === 'Var') {
    return operandOf(expression) === 'context';
  }
  const access = accessOf(expression);
  if (access !== undefined) {
    const [first = '', ...rest] = access.path;
    if ('Var' in access.base) {
      const variable = access.base.Var as Variable;
      const ofCall = variable === 'context' || variable === 'resource';
      return ofCall && isArgument(first)
        ? true
        : !isDataName(variable, first) && rest.some(isArgument);
    }
    if (access.path.some(isArgument) && !isPlainData(access.base)) {
      return true;
    }
  }
  return childrenOf(expression).some(readsArguments);
}

/** False for the other variables and for what is made of claims: they are never the tool. */
function mayBeTheResource(expression: Expr): boolean {
  return 'Var' in expression ? expression.Var === 'resource' : !isPlainData(expression);
}

function isArgument(name: string): boolean {
  return name.startsWith(ARGUMENT);
}

/** True for a value made of claims or arguments: it holds no entities (D26). */
function isPlainData(expression: Expr): boolean {
  let node = expression;
  for (let access = accessOf(node); access !== undefined; access = accessOf(node)) {
    if ('Var' in access.base) {
      return isDataName(access.base.Var as Variable, access.attribute);
    }
    node = access.base;
  }
  return false;
}

/** True when the attribute of the variable always comes from a claim or an argument. */
function isDataName(variable: Variable, name: string): boolean {
  return variable === 'context' || /^(?:claim|claimset|arg)_/.test(name);
}

/** Collects the literal targets of `in` and `is … in`; false when one is computed. */
function readTargets(node: Expr, targets: TypeAndId[]): boolean {
  // `in` has `left` and `right`; `is` has `left` and perhaps `in`.
  const operand = operandOf(node) as { left: Expr; right?: Expr; in?: Expr };
  const target = operand.right ?? operand.in;
  if (target === undefined) {
    return true;
  }
  const literals = 'Set' in target ? target.Set : [target];
  for (const literal of literals) {
    const value: unknown = 'Value' in literal ? literal.Value : undefined;
    if (typeof value !== 'object' || value === null || !('__entity' in value)) {
      return false;
    }
    // Only Cedar's own output is read here, where `__entity` always holds a uid.
    targets.push(plainUid(value as { __entity: TypeAndId }));
  }
  return 'Var' in operand.left;
}
