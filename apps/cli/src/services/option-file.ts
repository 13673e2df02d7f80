/** Reads the text of a file that a flag names: a mapping in JSON or YAML, with the place of a mistake. Pure. */
import { LineCounter, parseDocument } from 'yaml';
import { usageError } from '../cli-error.ts';
import { didYouMean } from '../suggest.ts';
import { isRecord } from './json-value.ts';

/**
 * JSON is YAML. A key given twice is an error.
 *
 * @param file for messages
 * @throws {CliError} with exit code 2, naming the line and column.
 */
export function parseOptionFile(text: string, file: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [problem = document.warnings[0]] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    const [what = ''] = problem.message.split('\n', 1);
    throw usageError(`${file}:${line}:${col}`, what.replace(/ at line \d+, column \d+:?$/, ''));
  }
  try {
    return document.toJS();
  } catch (error) {
    // An alias without its anchor, or more of them than a file for people has.
    throw usageError(file, error instanceof Error ? error.message : String(error));
  }
}

/**
 * The members of a mapping that knows its keys.
 *
 * @param at where it stands, for messages
 * @param hints what to do about keys that other programs know
 * @throws {CliError} with exit code 2.
 */
export function readMapping<K extends string>(
  value: unknown,
  at: string,
  { known, hints = {} }: MappingRules<K>,
): Readonly<Partial<Record<K, unknown>>> {
  if (!isRecord(value)) throw usageError(at, 'must be a mapping');
  for (const key of Object.keys(value)) {
    if (known.some((one) => one === key)) continue;
    const hint = Object.hasOwn(hints, key) ? hints[key] : undefined;
    throw usageError(
      at,
      `${JSON.stringify(key)} is no key of it`,
      hint ?? didYouMean(key, known) ?? `known keys: ${known.join(', ')}`,
    );
  }
  // Safe: there are no other keys.
  return value as Readonly<Partial<Record<K, unknown>>>;
}

interface MappingRules<K extends string> {
  readonly known: readonly K[];
  readonly hints?: Readonly<Record<string, string>>;
}
