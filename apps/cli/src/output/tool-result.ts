/** What `thv mcp call` prints: the contents for a person, or the result as it came. Pure. */
import { isRecord } from '../services/json-value.ts';
import { toJsonLine, toJsonText } from './json-line.ts';

/** A result of a call, as far as it is read here. */
export interface ToolResult {
  readonly content?: readonly unknown[];
  readonly structuredContent?: unknown;
}

export function renderToolResult(result: ToolResult, format: 'text' | 'json'): string {
  if (format === 'json') {
    return toJsonLine(result);
  }
  const { content = [], structuredContent } = result;
  const parts = content.map(renderPart);
  if (parts.length === 0 && structuredContent !== undefined) {
    return toJsonText(structuredContent);
  }
  return parts.map(forTerminal).join('');
}

function renderPart(part: unknown): string {
  if (!isRecord(part)) {
    return '[something that is no content]';
  }
  const { type, text, data, mimeType, uri, resource } = part;
  switch (type) {
    case 'text':
      return String(text);
    case 'image':
    case 'audio':
      return `[${type} ${String(mimeType)}, ${String(data).length} characters of base64]`;
    case 'resource_link':
      return `[resource ${String(uri)}]`;
    case 'resource':
      return isRecord(resource) && typeof resource['text'] === 'string'
        ? resource['text']
        : `[resource ${isRecord(resource) ? String(resource['uri']) : ''}]`;
    default:
      return `[content of the type ${String(type)}]`;
  }
}

// Everything a terminal could act on, but line ends and tabs; see `log.ts`.
const CONTROL = /(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text of many lines, without what a terminal could act on. */
export function forTerminal(text: string): string {
  const shown = text.replace(CONTROL, '\u{fffd}');
  return shown.endsWith('\n') ? shown : `${shown}\n`;
}
