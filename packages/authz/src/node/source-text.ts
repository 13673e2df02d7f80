/** Parses JSON and YAML so that every value can be found again in the text. */
import { extname } from 'node:path';
import { AuthzError, type ConfigPath, positionAt, type SourcePosition } from '@thv/authz';
import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';

/** The value of a text and where its parts stand. */
export interface SourceText {
  readonly value: unknown;
  readonly locate: (path: ConfigPath, offset?: number) => SourcePosition | undefined;
  /** The position of the last key of the path. */
  readonly locateKey: (path: ConfigPath) => SourcePosition | undefined;
}

const FORMATS = ['', '.json', '.yaml', '.yml'];

/**
 * Parses a file's text by the file's extension.
 *
 * @throws {AuthzError} `ERR_AUTHZ_CONFIG` with the place of the first syntax error. Repeated keys
 * are errors, in JSON too.
 */
export function parseSourceText(text: string, file: string): SourceText {
  const extension = extname(file).toLowerCase();
  if (!FORMATS.includes(extension)) {
    const problem = `unsupported file format "${extension}": use .json, .yaml or .yml`;
    throw new AuthzError('ERR_AUTHZ_CONFIG', problem, { location: { file } });
  }
  const json = extension === '' || extension === '.json';
  const value: unknown = json ? parseJson(text, file) : undefined;
  // JSON takes this character for a blank; the reader of places knows it only before a line end.
  const document = parseDocument(json ? text.replaceAll('\r', ' ') : text, {
    lineCounter: new LineCounter(),
    prettyErrors: false,
    uniqueKeys: true,
    ...(json ? { schema: 'json' } : { version: '1.2' }),
  });
  // A tag that nobody knows would be ignored, and its value taken for what it is not.
  const problem = json
    ? document.errors.find(({ code }) => code === 'DUPLICATE_KEY')
    : (document.errors[0] ?? document.warnings[0]);
  if (problem !== undefined) {
    const [at] = problem.pos;
    const repeated = problem.code === 'DUPLICATE_KEY' ? describeRepeated(document, text, at) : '';
    throw new AuthzError('ERR_AUTHZ_CONFIG', repeated || problem.message, {
      location: { file, ...positionAt(text, at) },
    });
  }
  return {
    value: json ? value : toValue(document, file),
    locate: (path, offset) => {
      const node: unknown = document.getIn(path, true);
      const range = hasRange(node) ? node.range : undefined;
      if (range === undefined) {
        return undefined;
      }
      const at =
        isScalar(node) && offset !== undefined ? offsetInScalar(text, node, offset) : range[0];
      return positionAt(text, at);
    },
    locateKey: (path) => {
      const map: unknown = document.getIn(path.slice(0, -1), true);
      const name = path.at(-1);
      const key = isMap(map) ? map.items.find((pair) => nameOf(pair.key) === name)?.key : undefined;
      return hasRange(key) ? positionAt(text, key.range[0]) : undefined;
    },
  };
}

/** What is wrong with the key at an offset; empty when there is none. */
function describeRepeated(document: Document, text: string, offset: number): string {
  let found = '';
  visit(document, {
    Map: (_, { items }) => {
      const at = items.findIndex(({ key }) => hasRange(key) && key.range[0] === offset);
      const name = nameOf(items[at]?.key);
      const first = items.find(({ key }) => nameOf(key) === name)?.key;
      if (at >= 0 && hasRange(first)) {
        const { line } = positionAt(text, first.range[0]);
        found = `the key "${name}" is given twice, first in line ${line}`;
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return found;
}

/** The name that a key has in the value. */
function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // JSON.parse throws nothing but SyntaxError, whose message names the offset.
    const { message } = error as SyntaxError;
    const offset = offsetOf(message, text);
    const place = offset === undefined ? {} : positionAt(text, offset);
    const isNamed = extname(file) !== '';
    const hint = isNamed
      ? ''
      : ' (a file without an extension is read as JSON; YAML needs a name that ends in .yaml)';
    throw new AuthzError('ERR_AUTHZ_CONFIG', `not JSON: ${message}${hint}`, {
      location: { file, ...place },
    });
  }
}

/** Where the JSON of a text ends to be JSON; undefined when the engine gives no clue. */
function offsetOf(message: string, text: string): number | undefined {
  const offset = /at position (\d+)/.exec(message)?.[1];
  if (offset !== undefined) {
    return Number(offset);
  }
  if (message.startsWith('Unexpected end')) {
    return text.trimEnd().length;
  }
  const [what] = /^Unexpected token '.+?',/su.exec(message) ?? [];
  if (what === undefined) {
    return undefined;
  }
  // The engine names the character and not its place: the shortest beginning of the text that fails
  // because of it ends there.
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (failsWith(what, text.slice(0, middle))) {
      bad = middle;
    } else {
      good = middle;
    }
  }
  return good;
}

function failsWith(what: string, text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return (error as SyntaxError).message.startsWith(what);
  }
}

function toValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new AuthzError('ERR_AUTHZ_CONFIG', 'the aliases of this YAML cannot be resolved', {
      location: { file },
      cause,
    });
  }
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

/**
 * The place in the file of a character of a text value. Quotes, escapes, indentation and folding
 * make the two differ; white space counts as equal to white space.
 */
function offsetInScalar(text: string, node: Scalar, offset: number): number {
  const value = String(node.value);
  const [start, end] = node.range ?? [0, 0];
  const quoted = node.type === 'QUOTE_DOUBLE';
  let at = node.type?.startsWith('BLOCK') ? text.indexOf('\n', start) + 1 : start;
  at += node.type?.startsWith('QUOTE') ? 1 : 0;
  for (let read = 0; read < offset && at < end; ) {
    if (quoted && text[at] === '\\') {
      // A line end behind a backslash is not part of the value.
      read += /[\r\n]/.test(text[at + 1] ?? '') ? 0 : 1;
      at += { u: 6, x: 4, U: 10 }[text[at + 1] ?? ''] ?? 2;
    } else if (text[at] === value[read]) {
      at += 1;
      read += 1;
    } else if (/\s/.test(text[at] ?? '')) {
      at += 1;
    } else if (/\s/.test(value[read] ?? '')) {
      read += 1;
    } else {
      at += 1;
    }
  }
  // What comes next in the text may be the indentation, which is not part of the value.
  while (/\S/.test(value[offset] ?? '') && /\s/.test(text[at] ?? '') && at < end) {
    at += 1;
  }
  return at;
}
