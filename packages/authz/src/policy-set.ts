/** Loads policies: one statement each, with its id, its place and its JSON form (D22, D24). */
import type { DetailedError, Expr, PolicyJson } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
import { AuthzError, isAuthzError } from './errors.ts';
import { balanceChains, binary, depthOf, operandOf, walkExpression } from './expression.ts';
import {
  findSwallowed,
  locateInStatement,
  type PolicyText,
  type Statement,
  splitStatements,
} from './policy-text.ts';
import { offsetOfByte } from './text-position.ts';

/** A policy as loaded. */
export interface Policy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly statement: Statement;
  readonly json: PolicyJson;
  /** All `when` and `unless` clauses in one expression; `undefined` when there are none. */
  readonly condition: Expr | undefined;
  /** True when only the text can be given to Cedar: it nests too deeply for the JSON form. */
  readonly deep: boolean;
}

// Cedar's WebAssembly build has a fixed stack and is unusable after exhausting it: parsing fails at
// about 130 nested brackets, evaluation at about 360 nested operators, JSON input at 58.
const MAX_BRACKETS = 64;
const MAX_TEXT_DEPTH = 120;
const MAX_JSON_DEPTH = 48;

/**
 * Parses policy texts into policies, in order.
 *
 * @param report - Gets every error instead of the first one being thrown.
 * @throws {AuthzError} `ERR_AUTHZ_POLICY` with file, policy, line, column and excerpt.
 */
export function loadPolicies(
  cedar: Cedar,
  texts: readonly PolicyText[],
  report?: (error: AuthzError) => void,
): readonly Policy[] {
  const policies: Policy[] = [];
  let position = 0;
  const attempt = (load: () => void): void => {
    try {
      load();
    } catch (error) {
      if (report === undefined || !isAuthzError(error)) {
        throw error;
      }
      report(error);
    }
  };
  const ids = new Set<string>();
  for (const text of texts) {
    attempt(() => assertNoneSwallowed(text));
    const statements = splitStatements(text);
    if (statements.length === 0) {
      attempt(() => failEmpty(text));
    }
    for (const statement of statements) {
      attempt(() => {
        const policy = loadPolicy(cedar, statement, position);
        if (ids.has(policy.id)) {
          fail(statement, policy.id, `the id "${policy.id}" is already taken by an earlier policy`);
        }
        ids.add(policy.id);
        policies.push(policy);
      });
      position += 1;
    }
  }
  return policies;
}

function failEmpty(text: PolicyText): never {
  throw new AuthzError('ERR_AUTHZ_POLICY', 'there is no policy here', {
    location: { file: text.file, ...text.locate?.(0) },
  });
}

function assertNoneSwallowed(text: PolicyText): void {
  const swallowed = findSwallowed(text);
  if (swallowed !== undefined) {
    const problem =
      'this is part of a comment, because the lines of this text are joined; begin the text with "|"';
    throw new AuthzError('ERR_AUTHZ_POLICY', problem, {
      location: { file: text.file, ...text.locate?.(swallowed) },
    });
  }
}

/** Throws for a problem at `offset` of a statement. */
function fail(statement: Statement, policy: string, problem: string, offset = 0): never {
  throw new AuthzError('ERR_AUTHZ_POLICY', problem, {
    location: {
      file: statement.source.file,
      policy,
      ...locateInStatement(statement, offset),
    },
  });
}

function loadPolicy(cedar: Cedar, statement: Statement, position: number): Policy {
  const positionId = `policy${position}`;
  if (statement.depth > MAX_BRACKETS) {
    fail(statement, positionId, `brackets nest deeper than ${MAX_BRACKETS}`);
  }
  const answer = cedar.policyToJson(statement.text);
  if (answer.type === 'failure') {
    return failParse(statement, positionId, answer.errors);
  }
  const { json } = answer;
  const id = json.annotations?.['id'] || positionId;
  const condition = conditionOf(json);
  if (condition !== undefined) {
    assertExactIntegers(condition, statement, id);
  }
  const deep = condition !== undefined && !isShallow(condition);
  if (deep && writtenDepth(json) > MAX_TEXT_DEPTH) {
    fail(statement, id, 'the condition nests too deeply');
  }
  return { id, effect: json.effect, statement, json, condition, deep };
}

/** Turns Cedar's parse errors into ours. */
function failParse(statement: Statement, id: string, errors: readonly DetailedError[]): never {
  const [first] = errors;
  const place = first?.sourceLocations?.[0];
  const message = (first?.message ?? 'it cannot be parsed').replace(/^failed to parse [^:]*: /, '');
  const details = [place?.label, first?.help].filter((part) => typeof part === 'string');
  const problem = details.length === 0 ? message : `${message} (${details.join('; ')})`;
  return fail(statement, id, problem, offsetOfByte(statement.text, place?.start ?? 0));
}

/** The conjunction of a policy's clauses, in order. */
function conditionOf(json: PolicyJson): Expr | undefined {
  let condition: Expr | undefined;
  for (const { kind, body } of json.conditions) {
    const clause: Expr = kind === 'when' ? body : { '!': { arg: body } };
    condition = condition === undefined ? clause : binary('&&', condition, clause);
  }
  return condition === undefined ? undefined : balanceChains(condition);
}

function assertExactIntegers(condition: Expr, statement: Statement, id: string): void {
  walkExpression(condition, (node) => {
    const value = 'Value' in node ? operandOf(node) : undefined;
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      const offset = Math.max(0, statement.text.search(/\d{16,}/));
      fail(statement, id, 'integers beyond ±9007199254740991 cannot be used', offset);
    }
  });
}

/** How deep the conditions nest as they are written, before chains are balanced. */
function writtenDepth(json: PolicyJson): number {
  return Math.max(0, ...json.conditions.map(({ body }) => depthOf(body))) + json.conditions.length;
}

/** True when Cedar can read the condition in JSON form. */
export function isShallow(condition: Expr): boolean {
  return depthOf(condition) <= MAX_JSON_DEPTH;
}
