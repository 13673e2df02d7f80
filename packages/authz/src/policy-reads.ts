/** What a condition reads: the base of slicing, of cache keys and of the listing policies. */
import type { Expr, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { keyOfUid, plainUid } from './entity-uid.ts';
import { childrenOf, operandOf, operandsOf, operatorOf, walkExpression } from './expression.ts';
import { isHintName } from './hints.ts';

/** The variables of a Cedar request. */
export type Variable = 'principal' | 'action' | 'resource' | 'context';

/** What a condition can depend on. */
export interface ConditionReads {
  /** Attributes read directly on each variable. */
  readonly attributes: Readonly<Record<Variable, ReadonlySet<string>>>;
  /** Variables whose entity itself is used, other than in a comparison with a literal. */
  readonly bare: ReadonlySet<Variable>;
  /** Keys of the literal entities that `==` and `!=` compare a variable with. */
  readonly compared: ReadonlySet<string>;
  /** Literal entities that something is tested to be `in`. */
  readonly targets: readonly TypeAndId[];
  /** All literal entities. */
  readonly literals: readonly TypeAndId[];
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
  const compared = new Set<string>();
  const targets: TypeAndId[] = [];
  const literals: TypeAndId[] = [];
  let everything = false;

  const pending: Expr[] = [condition];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const operator = operatorOf(node);
    const access = accessOf(node);
    if (operator === 'Var') {
      bare.add(operandOf(node) as Variable);
    } else if (operator === 'Value') {
      literals.push(...literalUid(node));
    } else if (access?.variable !== undefined) {
      attributes[access.variable].add(access.attribute);
      continue;
    } else if (access !== undefined) {
      everything ||= !isPlainData(access.base);
    } else if (operator === 'in' || operator === 'is') {
      const found = literalTargets(node);
      everything ||= found === undefined;
      targets.push(...(found ?? []));
      literals.push(...(found ?? []));
      if (found !== undefined) {
        continue;
      }
    } else if (operator === '==' || operator === '!=') {
      const literal = comparedLiteral(node);
      if (literal !== undefined) {
        compared.add(keyOfUid(literal));
        literals.push(literal);
        continue;
      }
    } else if (operator === 'getTag' || operator === 'hasTag') {
      everything = true;
    }
    pending.push(...childrenOf(node));
  }
  everything ||= bare.has('context');
  return { attributes, bare, compared, targets, literals, everything };
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

/** True for the name of an attribute made of a claim. */
export function isClaimName(name: string): boolean {
  return /^claim(?:set)?_/.test(name);
}

/** All literal entities in an expression. */
export function literalUids(expression: Expr): readonly TypeAndId[] {
  const found: TypeAndId[] = [];
  walkExpression(expression, (node) => {
    found.push(...literalUid(node));
  });
  return found;
}

/** The literal targets of `in` and `is … in` on a variable; `undefined` for any other use. */
function literalTargets(node: Expr): readonly TypeAndId[] | undefined {
  // `in` has `left` and `right`; `is` has `left` and perhaps `in`.
  const { left, right, in: within } = operandOf(node) as { left: Expr; right?: Expr; in?: Expr };
  const target = right ?? within;
  if (!('Var' in left)) {
    return undefined;
  }
  if (target === undefined) {
    return [];
  }
  const elements = 'Set' in target ? target.Set : [target];
  const uids = elements.flatMap(literalUid);
  return uids.length === elements.length ? uids : undefined;
}

/** The literal entity that `==` or `!=` compares a variable with. */
function comparedLiteral(node: Expr): TypeAndId | undefined {
  const { left, right } = operandsOf(node);
  const other = 'Var' in left ? right : 'Var' in right ? left : undefined;
  return other === undefined ? undefined : literalUid(other)[0];
}

/** The entity that a literal is, or nothing. */
function literalUid(node: Expr): readonly TypeAndId[] {
  const value: unknown = 'Value' in node ? node.Value : undefined;
  // Only Cedar's own output is read here, where `__entity` always holds a uid.
  return typeof value === 'object' && value !== null && '__entity' in value
    ? [plainUid(value as { __entity: TypeAndId })]
    : [];
}
