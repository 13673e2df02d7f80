/** What `thv policy explain` is asked: reads the flags. Pure. */
import type { AuthzAction, ToolHints } from '@thv/authz';
import { usageError } from '../cli-error.ts';
import { didYouMean } from '../suggest.ts';
import { isRecord, parseJson } from './json-value.ts';

export interface QuestionFlags {
  readonly tool?: string;
  readonly prompt?: string;
  readonly resource?: string;
  /** A JSON object. */
  readonly args?: string;
  /** `NAME=true|false`. */
  readonly hint?: readonly string[];
}

/** A request without its identity. */
export interface Question {
  readonly action: AuthzAction;
  readonly target: string;
  readonly arguments: Readonly<Record<string, unknown>> | undefined;
  readonly hints: ToolHints | undefined;
}

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

/** @throws {CliError} with exit code 2. */
export function readQuestion(flags: QuestionFlags): Question {
  const { action, target } = readTarget(flags);
  if (flags.args !== undefined && action === 'read_resource') {
    throw usageError('--args', 'means nothing with --resource', 'resources take no arguments');
  }
  if (flags.hint !== undefined && action !== 'call_tool') {
    throw usageError('--hint', 'means nothing without --tool', 'only tools have hints');
  }
  return {
    action,
    target,
    arguments: flags.args === undefined ? undefined : parseArguments('--args', flags.args),
    hints: flags.hint === undefined ? undefined : Object.fromEntries(flags.hint.map(parseHint)),
  };
}

/**
 * The arguments of a call.
 *
 * @param flag - The flag they were given with, for the message.
 * @throws {CliError} with exit code 2.
 */
export function parseArguments(flag: string, text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  if (!isRecord(value)) {
    throw usageError(flag, 'is no JSON object', `write it as '{"city":"Oslo"}'`);
  }
  return value;
}

function readTarget({
  tool,
  prompt,
  resource,
}: QuestionFlags): Pick<Question, 'action' | 'target'> {
  const given = [
    { action: 'call_tool', target: tool },
    { action: 'get_prompt', target: prompt },
    { action: 'read_resource', target: resource },
  ] as const;
  const [first, second] = given.filter(({ target }) => target !== undefined);
  if (first?.target === undefined || second !== undefined) {
    const why = first === undefined ? 'missing: something must be asked for' : 'given with another';
    throw usageError('--tool', why, 'give one of --tool, --prompt and --resource');
  }
  return { action: first.action, target: first.target };
}

function parseHint(text: string): readonly [string, boolean] {
  const [, name = '', value] = /^(.*?)=(true|false)$/.exec(text) ?? [];
  if (value === undefined) {
    throw usageError('--hint', `${JSON.stringify(text)} is not NAME=true or NAME=false`);
  }
  if (!HINTS.some((hint) => hint === name)) {
    throw usageError(
      '--hint',
      `there is no hint ${JSON.stringify(name)}`,
      didYouMean(name, HINTS) ?? `the hints are ${HINTS.join(', ')}`,
    );
  }
  return [name, value === 'true'];
}
