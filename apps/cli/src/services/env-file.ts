/**
 * Reads files of variables. Node's own reader takes the values apart; what it would pass over in
 * silence is an error here (D1). Messages name lines, never what stands in them.
 */
import { parseEnv } from 'node:util';
import { usageError } from '../cli-error.ts';
import { readTextFile } from './text-file.ts';

const FLAG = '--env-file';
/**
 * Node has an option of the same name and looks for it among our arguments, too: unless a `--` stands
 * before our file, it starts thv with the options that such a file holds, code to load included.
 */
const VALUE_INSTEAD = 'give it to the server alone: -e NODE_OPTIONS=VALUE';

/** The variables of several files; a later file wins. */
export async function readEnvFiles(
  paths: readonly string[],
  cwd: string,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const path of paths) {
    for (const [name, value] of parseEnvFile(await readTextFile(FLAG, path, { cwd }), path)) {
      found.set(name, value);
    }
  }
  return found;
}

const NAME = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=[ \t]*/;

/** Pure. @param path for messages */
export function parseEnvFile(text: string, path: string): ReadonlyMap<string, string> {
  const names = new Map<string, number>();
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const number = at + 1;
    if (/^\s*(#|$)/.test(line)) {
      continue;
    }
    const [start, name] = NAME.exec(line) ?? [];
    const where = `${path} line ${number}`;
    if (start === undefined || name === undefined) {
      throw usageError(FLAG, `${where} is not NAME=VALUE`, 'comments start with #');
    }
    if (name === 'NODE_OPTIONS') {
      throw usageError(
        FLAG,
        `${where} sets ${name}, which Node.js obeys in thv too`,
        VALUE_INSTEAD,
      );
    }
    const before = names.get(name);
    if (before !== undefined) {
      throw usageError(FLAG, `${where} sets ${name} again`, `line ${before} does already`);
    }
    names.set(name, number);
    const quote = /^["'`]/.exec(line.slice(start.length))?.[0];
    if (quote !== undefined) {
      at = findClosingQuote(lines, { at, column: start.length + 1, quote, where });
    }
  }
  const values = new Map(Object.entries(parseEnv(text)));
  // Two readings of one file would be one too many.
  if (values.size !== names.size || [...names.keys()].some((name) => !values.has(name))) {
    throw usageError(FLAG, `${path} cannot be read in one way only`, 'quote its values');
  }
  return new Map([...values].map(([name, value]) => [name, value ?? '']));
}

interface OpenQuote {
  readonly at: number;
  readonly column: number;
  readonly quote: string;
  readonly where: string;
}

/** The line on which the value ends; nothing but a comment may follow it there. */
function findClosingQuote(lines: readonly string[], { at, column, quote, where }: OpenQuote) {
  for (let row = at; row < lines.length; row += 1) {
    const line = lines[row] ?? '';
    const end = line.indexOf(quote, row === at ? column : 0);
    if (end >= 0) {
      if (!/^\s*(#.*)?$/.test(line.slice(end + 1))) {
        throw usageError(FLAG, `${where} has text after the closing quote`);
      }
      return row;
    }
  }
  throw usageError(FLAG, `${where} has no closing quote`);
}
