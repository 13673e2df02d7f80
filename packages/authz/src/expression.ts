/** Reading and rebuilding Cedar expressions in their JSON form. */
import type { Expr } from '@cedar-policy/cedar-wasm/web';

/** A node of Cedar's JSON form: one operator with its operands. */
export type ExpressionNode = Readonly<Record<string, unknown>>;

/** The operator of an expression, which is the single key of its node. */
export function operatorOf(expression: Expr): string {
  return Object.keys(expression)[0] ?? '';
}

/** What stands under the operator. */
export function operandOf(expression: Expr): unknown {
  // Cedar made this object: a node has exactly one key.
  return (expression as ExpressionNode)[operatorOf(expression)];
}

/** The operands of a node that are expressions themselves. */
export function childrenOf(expression: Expr): readonly Expr[] {
  const operator = operatorOf(expression);
  const operand = operandOf(expression);
  if (operator === 'Value' || operator === 'Var' || operator === 'Slot') {
    return [];
  }
  if (Array.isArray(operand)) {
    // `Set` and extension calls hold a list of expressions.
    return operand as readonly Expr[];
  }
  const fields = operand as ExpressionNode;
  if (operator === 'Record') {
    return Object.values(fields) as readonly Expr[];
  }
  const names =
    operator === 'if-then-else' ? ['if', 'then', 'else'] : ['left', 'right', 'arg', 'in'];
  return names.filter((name) => fields[name] !== undefined).map((name) => fields[name] as Expr);
}

/** A node with two operands. */
export function binary(operator: '&&' | '||', left: Expr, right: Expr): Expr {
  // Both operators have the same shape; the union type cannot see it through the computed key.
  return { [operator]: { left, right } } as unknown as Expr;
}

/** The operands of a node with `left` and `right`. */
export function operandsOf(expression: Expr): { readonly left: Expr; readonly right: Expr } {
  return operandOf(expression) as { left: Expr; right: Expr };
}

/** The constant `true` or `false`. */
export function constant(value: boolean): Expr {
  return { Value: value };
}

/** True for the constant `value`. */
export function isConstant(expression: Expr, value: boolean): boolean {
  return operatorOf(expression) === 'Value' && operandOf(expression) === value;
}

/** How deep an expression nests. Iterative, so that a deep expression cannot exhaust the stack. */
export function depthOf(expression: Expr): number {
  let deepest = 0;
  const pending: [Expr, number][] = [[expression, 1]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, depth] = next;
    deepest = Math.max(deepest, depth);
    for (const child of childrenOf(node)) {
      pending.push([child, depth + 1]);
    }
  }
  return deepest;
}

/** Calls `visit` with every node of an expression. */
export function walkExpression(expression: Expr, visit: (node: Expr) => void): void {
  const pending: Expr[] = [expression];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    visit(next);
    pending.push(...childrenOf(next));
  }
}

/**
 * Rebuilds chains of `&&` and `||` as balanced trees. Both operators are associative, in their
 * short-circuiting and errors too, so the meaning stays; a chain of 1,000 becomes 10 deep.
 */
export function balanceChains(expression: Expr): Expr {
  const operator = operatorOf(expression);
  if (operator !== '&&' && operator !== '||') {
    return expression;
  }
  const operands: Expr[] = [];
  const pending: Expr[] = [expression];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (operatorOf(next) === operator) {
      const { left, right } = operandsOf(next);
      pending.push(right, left);
    } else {
      operands.push(balanceChains(next));
    }
  }
  return joinBalanced(operator, operands);
}

function joinBalanced(operator: '&&' | '||', operands: readonly Expr[]): Expr {
  if (operands.length === 1) {
    return operands[0]!;
  }
  const middle = operands.length >> 1;
  return binary(
    operator,
    joinBalanced(operator, operands.slice(0, middle)),
    joinBalanced(operator, operands.slice(middle)),
  );
}
