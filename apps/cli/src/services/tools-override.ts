/** Reads `--tools` and the file of `--tools-override`: which tools callers see, and under which names. */
import type { ToolOptions, ToolOverride } from '@thv/proxy';
import { usageError } from '../cli-error.ts';
import { isRecord } from './json-value.ts';
import { parseOptionFile, readMapping } from './option-file.ts';
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
  const { toolsOverride: overrides } = readMapping(parseOptionFile(text, file), file, {
    known: ['toolsOverride'],
  });
  if (overrides === undefined) throw usageError(file, 'has no toolsOverride');
  const at = `${file}: toolsOverride`;
  if (!isRecord(overrides)) throw usageError(at, 'must be a mapping of tools');
  return Object.fromEntries(
    Object.entries(overrides).map(([real, change]) => [real, readOverride(change, at, real)]),
  );
}

function readOverride(change: unknown, path: string, real: string): ToolOverride {
  const at = `${path}.${real}`;
  const members = readMapping(change, at, { known: ['name', 'description'] });
  for (const [key, value] of Object.entries(members)) {
    if (typeof value !== 'string') throw usageError(`${at}.${key}`, 'must be a text');
  }
  // Texts, as has just been checked.
  return members as ToolOverride;
}
