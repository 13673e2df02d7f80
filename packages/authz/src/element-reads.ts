/**
 * Which elements of a set a condition can tell apart. `principal.claim_roles.contains("admin")` is
 * the same for all sets that agree on `"admin"`, so that no other element need be passed to Cedar
 * or tells two callers apart. Only for sets made of claims, whose elements are nothing but data.
 */
import type { Expr } from '@cedar-policy/cedar-wasm/web';
import { childrenOf, operandsOf, operatorOf } from './expression.ts';
import { accessOf, isClaimName, type Variable } from './policy-reads.ts';

/** The elements that make a difference, or `all` when the value is read in another way. */
export type ReadElements = ReadonlySet<string> | 'all';

/** What is read of the elements of one attribute by several conditions. */
export function readElements(
  conditions: readonly Expr[],
  variable: Variable,
  attribute: string,
): ReadElements {
  const elements = new Set<string>();
  const pending: Expr[] = isClaimName(attribute) ? [...conditions] : [];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const tested = testedElements(node);
    if (tested !== undefined && isRead(operandsOf(node).left, variable, attribute)) {
      for (const element of tested) {
        elements.add(element);
      }
    } else if (isRead(node, variable, attribute)) {
      return 'all';
    } else {
      pending.push(...childrenOf(node));
    }
  }
  return isClaimName(attribute) ? elements : 'all';
}

/** The value with only the elements that make a difference. Anything but a set stays as it is. */
export function selectElements<T>(value: T, elements: ReadElements): T {
  return elements !== 'all' && Array.isArray(value)
    ? (value.filter((element) => typeof element === 'string' && elements.has(element)) as T)
    : value;
}

/** True when the node is the value of the attribute. A `has` test only asks whether there is one. */
function isRead(node: Expr, variable: Variable, attribute: string): boolean {
  const access = accessOf(node);
  if (access === undefined || (operatorOf(node) === 'has' && access.path.length === 1)) {
    return false;
  }
  return access.attribute === attribute && 'Var' in access.base && access.base.Var === variable;
}

/** The texts that a node asks about, if it asks some set about texts only. */
function testedElements(node: Expr): readonly string[] | undefined {
  switch (operatorOf(node)) {
    case 'contains':
      return texts([operandsOf(node).right]);
    case 'containsAll':
    case 'containsAny': {
      const { right } = operandsOf(node);
      return 'Set' in right ? texts(right.Set) : undefined;
    }
    default:
      return undefined;
  }
}

function texts(literals: readonly Expr[]): readonly string[] | undefined {
  const values = literals.map((literal): unknown =>
    'Value' in literal ? literal.Value : undefined,
  );
  return values.every((value) => typeof value === 'string') ? values : undefined;
}
