/**
 * Rewrites what a condition reads so that Cedar gets one flat record instead of entities, which
 * cost it most of a decision: `principal.claim_x` becomes `context.claim_x`, `resource.name`
 * becomes `context["resource.name"]`. Reading, `has` and their errors are the same on records and
 * on entities. Only for conditions that read variables directly (`ConditionReads.everything` false).
 */
import type { CedarValueJson, Expr } from '@cedar-policy/cedar-wasm/web';
import type { ClaimName } from './claims.ts';
import type { RequestEntity, RequestPrincipal, RequestResource } from './entities.ts';
import { type ExpressionNode, operandOf, operatorOf } from './expression.ts';
import { accessOf, type Variable } from './policy-reads.ts';

/** The name in the flat record for an attribute of a variable. */
export function flatName(variable: Variable, attribute: string): string {
  // Claims and arguments are the same on the context and on their entity.
  const shared =
    (variable !== 'action' && variable !== 'resource' && /^claim(?:set)?_/.test(attribute)) ||
    ((variable === 'context' || variable === 'resource') && attribute.startsWith('arg_'));
  return shared ? attribute : `${variable}.${attribute}`;
}

/** The condition over the flat record. */
export function flattenCondition(expression: Expr): Expr {
  const access = accessOf(expression);
  if (access?.variable !== undefined) {
    const [first = '', ...rest] = access.path;
    const name = flatName(access.variable, first);
    const operand = { left: { Var: 'context' }, attr: rest.length > 0 ? [name, ...rest] : name };
    // The operator is `.` or `has`, which take these two members.
    return { [operatorOf(expression)]: operand } as unknown as Expr;
  }
  const operator = operatorOf(expression);
  if (operator === 'Value' || operator === 'Var') {
    return expression;
  }
  return { [operator]: flattenOperand(operandOf(expression)) } as unknown as Expr;
}

/** The operand of a node with every expression in it flattened. */
function flattenOperand(operand: unknown): unknown {
  if (Array.isArray(operand)) {
    return operand.map((element: Expr) => flattenCondition(element));
  }
  const flat: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(operand as ExpressionNode)) {
    // Members that are not expressions: attribute names, entity types, patterns.
    flat[name] =
      typeof member === 'object' && member !== null && !Array.isArray(member)
        ? flattenCondition(member as Expr)
        : member;
  }
  return flat;
}

interface FlatSource {
  readonly principal: RequestPrincipal;
  readonly action: RequestEntity;
  readonly resource: RequestResource;
}

/** An attribute to be read. */
interface FlatAttribute {
  readonly variable: Variable;
  readonly name: string;
  /** Its name taken apart, for what can be made from a claim. */
  readonly claim: ClaimName | undefined;
}

/** The value of an attribute in a request. Records have no prototype. */
export function attributeOf(
  { principal, action, resource }: FlatSource,
  { variable, name, claim }: FlatAttribute,
): CedarValueJson | undefined {
  switch (variable) {
    case 'principal':
      return claim === undefined ? principal.staticAttribute(name) : principal.claim(claim);
    case 'action':
      return action.attrs[name];
    case 'resource':
      return resource.attrs[name];
    case 'context':
      return claim === undefined ? resource.args[name] : principal.claim(claim);
    default:
      return variable satisfies never;
  }
}
