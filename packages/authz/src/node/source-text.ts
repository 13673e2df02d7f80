/** Parses JSON and YAML so that every value can be found again in the text. */
import { extname } from 'node:path';
import { AuthzError, type ConfigPath, positionAt, type SourcePosition } from '@thv/authz';
import { isScalar, LineCounter, parseDocument, type Scalar } from 'yaml';

/** The value of a text and where its parts stand. */
export interface SourceText {
  readonly value: unknown;
  readonly locate: (path: ConfigPath, offset?: number) => SourcePosition | undefined;
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
  const document = parseDocument(text, {
    lineCounter: new LineCounter(),
    prettyErrors: false,
    uniqueKeys: true,
    ...(json ? { schema: 'json' } : { version: '1.2' }),
  });
  const [problem] = document.errors;
  if (problem !== undefined && (!json || problem.code === 'DUPLICATE_KEY')) {
    throw new AuthzError('ERR_AUTHZ_CONFIG', problem.message, {
      location: { file, ...positionAt(text, problem.pos[0]) },
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
  };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // JSON.parse throws nothing but SyntaxError, whose message names the offset.
    const { message } = error as SyntaxError;
    const offset = /at position (\d+)/.exec(message)?.[1];
    const place = offset === undefined ? {} : positionAt(text, Number(offset));
    throw new AuthzError('ERR_AUTHZ_CONFIG', `not JSON: ${message}`, {
      location: { file, ...place },
    });
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
      at += { u: 6, x: 4, U: 10 }[text[at + 1] ?? ''] ?? 2;
      read += 1;
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
  return at;
}
