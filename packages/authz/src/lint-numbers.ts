/** Comparisons of numbers that are always false, or always an error. */
import type { Expr } from '@cedar-policy/cedar-wasm/web';
import { operandOf, operandsOf, operatorOf } from './expression.ts';
import type { LintContext, Problem } from './lint.ts';
import { accessOf } from './policy-reads.ts';

/** The methods that compare decimals, by the operators that compare integers. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ['<', 'lessThan'],
  ['<=', 'lessThanOrEqual'],
  ['>', 'greaterThan'],
  ['>=', 'greaterThanOrEqual'],
]);

type Report = (problem: Problem) => void;

/** Reports a comparison that the number mode, or Cedar itself, makes false or an error. */
export function lintNumbers(node: Expr, context: LintContext, report: Report): void {
  const operator = operatorOf(node);
  if ([...METHODS.values()].includes(operator)) {
    lintMethod(node, report);
  } else if (METHODS.has(operator) || operator === '==' || operator === '!=') {
    const { left, right } = operandsOf(node);
    if ([left, right].some(isDecimal)) {
      lintDecimal(node, context, report);
    } else if (context.options.numbers === 'toolhive') {
      lintInteger(node, report);
    }
  }
}

/** `.lessThan(…)` and the like with an integer. */
function lintMethod(node: Expr, report: Report): void {
  const method = operatorOf(node);
  // A call of an extension function holds the list of its operands.
  const operands = operandOf(node) as readonly Expr[];
  const [symbol] = [...METHODS].find(([, name]) => name === method) ?? [];
  for (const integer of operands.filter(isInteger)) {
    report({
      code: 'number-mode',
      severity: 'warning',
      message: `.${method}(…) compares decimals, and ${operandOf(integer)} is an integer, so this cannot be evaluated`,
      fix: `write ${print(integer)}, or compare integers with ${symbol}`,
      at: method,
    });
  }
}

/** A decimal beside an operator. */
function lintDecimal(node: Expr, { options }: LintContext, report: Report): void {
  const operator = operatorOf(node);
  const method = METHODS.get(operator);
  const { left, right } = operandsOf(node);
  const attribute = attributeOf(left) ?? attributeOf(right);
  if (method !== undefined) {
    report({
      code: 'number-mode',
      severity: 'warning',
      message: `decimals cannot be compared with ${operator}, so this cannot be evaluated`,
      fix: `write ${print(left)}.${method}(${print(right)})`,
      at: attribute ?? 'decimal',
    });
  } else if ([left, right].some(isInteger)) {
    report({
      code: 'number-mode',
      severity: 'warning',
      message: 'an integer never equals a decimal',
      fix: 'write both as decimals or both as integers',
      at: 'decimal',
    });
  } else if (attribute !== undefined && options.numbers === 'cedar') {
    report({
      code: 'number-mode',
      severity: 'note',
      message: `a whole ${attribute} is a Long and never equals a decimal`,
      fix: 'compare whole numbers with an integer as well',
      at: attribute,
    });
  }
}

/** An integer beside an operator, where every number of a request is a decimal. */
function lintInteger(node: Expr, report: Report): void {
  const { left, right } = operandsOf(node);
  const attribute = attributeOf(left) ?? attributeOf(right);
  if (attribute !== undefined && [left, right].some(isInteger)) {
    const effect = METHODS.has(operatorOf(node))
      ? 'comparing it with an integer is an error'
      : 'it never equals an integer';
    report({
      code: 'number-mode',
      severity: 'warning',
      message: `${attribute} is a decimal with "numbers: toolhive", so ${effect}`,
      fix: 'compare with decimal("…"), or leave "numbers" out',
      at: attribute,
    });
  }
}

/** The claim or argument that a node reads. */
function attributeOf(node: Expr): string | undefined {
  const attribute = accessOf(node)?.attribute ?? '';
  return /^(?:arg|claim)_/.test(attribute) ? attribute : undefined;
}

function isDecimal(node: Expr): boolean {
  return operatorOf(node) === 'decimal';
}

function isInteger(node: Expr): boolean {
  return operatorOf(node) === 'Value' && typeof operandOf(node) === 'number';
}

/** An operand as it is to be written. */
function print(node: Expr): string {
  if (isInteger(node)) {
    return `decimal("${operandOf(node)}.0")`;
  }
  const [text] = isDecimal(node) ? (operandOf(node) as readonly Expr[]) : [];
  if (text !== undefined && operatorOf(text) === 'Value') {
    return `decimal(${JSON.stringify(operandOf(text))})`;
  }
  const { variable, attribute } = accessOf(node) ?? {};
  return variable === undefined ? '…' : `${variable}.${attribute}`;
}
