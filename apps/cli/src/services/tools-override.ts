/** Reads `--tools` and the file of `--tools-override`: which tools callers see, and under which names. */
import type { ToolOptions, ToolOverride } from '@thv/proxy';
import { LineCounter, parseDocument } from 'yaml';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { didYouMean } from '../suggest.ts';
import { isRecord } from './json-value.ts';
import type { ServePlan } from './run-options.ts';
import { readTextFile } from './text-file.ts';

/**
 * The choice of tools; undefined when none is made. Contradictions are found by the proxy, for every
 * way to configure it.
 *
 * @throws {CliError} with exit code 2, naming the file and the place in it.
 */
export async function readToolChoice(
  { tools, toolsOverrideFile }: Pick<ServePlan, 'tools' | 'toolsOverrideFile'>,
  cwd: string,
): Promise<ToolOptions | undefined> {
  if (tools === undefined && toolsOverrideFile === undefined) return undefined;
  return {
    ...(tools !== undefined && { only: tools }),
    ...(toolsOverrideFile !== undefined && {
      override: parseToolsOverride(
        await readTextFile('--tools-override', toolsOverrideFile, { cwd }),
        toolsOverrideFile,
      ),
    }),
  };
}

/**
 * Parses `{"toolsOverride": {"real": {"name": "shown", "description": "…"}}}`, JSON or YAML.
 *
 * @param file for messages
 * @throws {CliError} with exit code 2.
 */
export function parseToolsOverride(text: string, file: string): Record<string, ToolOverride> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    const [what = ''] = problem.message.split('\n', 1);
    throw badFile(`${file}:${line}:${col}`, what.replace(/ at line \d+, column \d+:?$/, ''));
  }
  const top = readMembers(document.toJS(), file, ['toolsOverride']);
  const overrides = top.get('toolsOverride');
  if (overrides === undefined) throw badFile(file, 'has no toolsOverride');
  const at = `${file}: toolsOverride`;
  if (!isRecord(overrides)) throw badFile(at, 'must be a mapping of tools');
  return Object.fromEntries(
    Object.entries(overrides).map(([real, change]) => [real, readOverride(change, at, real)]),
  );
}

function readOverride(change: unknown, path: string, real: string): ToolOverride {
  const at = `${path}.${real}`;
  const members = readMembers(change, at, ['name', 'description']);
  for (const [key, value] of members) {
    if (typeof value !== 'string') throw badFile(`${at}.${key}`, 'must be a text');
  }
  // Texts, as has just been checked.
  return Object.fromEntries(members) as ToolOverride;
}

function readMembers(
  value: unknown,
  at: string,
  known: readonly string[],
): ReadonlyMap<string, unknown> {
  if (!isRecord(value)) throw badFile(at, 'must be a mapping');
  const members = new Map(Object.entries(value));
  for (const key of members.keys()) {
    if (known.includes(key)) continue;
    const hint = didYouMean(key, known) ?? `known keys: ${known.join(', ')}`;
    throw badFile(at, `${JSON.stringify(key)} is no key of it`, hint);
  }
  return members;
}

function badFile(what: string, why: string, wayOut?: string): CliError {
  return new CliError({ exitCode: EXIT.usage, what, why, wayOut });
}
