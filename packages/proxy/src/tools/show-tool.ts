/** How one tool of a list looks to callers. */

import { isRecord } from '../mcp/json-rpc.ts';
import { type Splice, spliceText } from '../mcp/splice.ts';
import { readStrictJson, type Span } from '../mcp/strict-json.ts';
import type { ToolNames } from './tool-names.ts';

const PATHS: ReadonlySet<string> = new Set(['name', 'description']);

/**
 * The text of a tool with its name and description replaced, every other byte as it was; undefined
 * when callers must not see it, or when its name cannot be read.
 */
export function showTool(text: string, names: ToolNames): string | undefined {
  const read = readStrictJson(text, PATHS);
  if (!read.ok || !isRecord(read.json.value)) return undefined;
  const { value, spans } = read.json;
  const real = value['name'];
  const nameSpan = spans.get('name');
  if (typeof real !== 'string' || nameSpan === undefined) return undefined;
  const shown = names.shownOf(real);
  if (shown === undefined) return undefined;
  const description = names.descriptionOf(real);
  const splices: Splice[] = [];
  if (shown !== real) splices.push({ span: nameSpan, text: JSON.stringify(shown) });
  if (description !== undefined) {
    splices.push(describeTool(text, spans.get('description'), description));
  }
  return spliceText(text, splices);
}

function describeTool(text: string, span: Span | undefined, description: string): Splice {
  const json = JSON.stringify(description);
  if (span !== undefined) return { span, text: json };
  const end = text.lastIndexOf('}');
  // A tool has a name, so that a comma is right.
  return { span: { start: end, end }, text: `,"description":${json}` };
}
