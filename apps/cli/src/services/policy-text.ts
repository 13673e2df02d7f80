/** Reads what stands in policy texts without judging it: ids, places, and the entities named. Pure. */
import { type PolicyText, positionAt, type SourcePosition } from '@thv/authz';

/** A place in a file. */
export interface Place extends Partial<SourcePosition> {
  readonly file: string | undefined;
}

/** An entity that a policy names, as in `Tool::"weather"`. */
export interface Mention extends Place {
  readonly type: string;
  readonly id: string;
  /** Of the policy; undefined for a static entity. */
  readonly policy: string | undefined;
}

/** One policy statement. */
export interface PolicyPlace extends Place {
  readonly id: string;
  readonly mentions: readonly Mention[];
}

interface Token {
  readonly text: string;
  readonly offset: number;
}

const TOKEN = /\/\/[^\n]*|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|::|\s+|./gs;

/** The policies of the texts, in order. Ids are those of the loader: `@id`, else by position. */
export function readPolicyPlaces(texts: readonly PolicyText[]): readonly PolicyPlace[] {
  const places: PolicyPlace[] = [];
  for (const text of texts) {
    for (const tokens of readStatements(text.text)) {
      places.push(toPlace(tokens, text, `policy${places.length}`));
    }
  }
  return places;
}

function readStatements(text: string): readonly (readonly Token[])[] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const token = { text: match[0], offset: match.index };
    if (/^\s/.test(token.text) || token.text.startsWith('//')) {
      continue;
    }
    current.push(token);
    if (token.text === ';') {
      statements.push(current);
      current = [];
    }
  }
  return current.length === 0 ? statements : [...statements, current];
}

function toPlace(tokens: readonly Token[], source: PolicyText, positionId: string): PolicyPlace {
  const placeAt = (offset: number): Place => {
    const position = source.locate?.(offset) ?? positionAt(source.text, offset);
    return { file: source.file, ...position };
  };
  const policy = annotatedId(tokens) || positionId;
  const mentions: Mention[] = [];
  for (const [at, { text, offset }] of tokens.entries()) {
    const literal = tokens[at + 2]?.text ?? '';
    const isName = /^[A-Za-z_]/.test(text) && tokens[at - 1]?.text !== '::';
    if (isName && tokens[at + 1]?.text === '::' && literal.startsWith('"')) {
      mentions.push({ type: text, id: unquote(literal), policy, ...placeAt(offset) });
    }
  }
  return { id: policy, ...placeAt(tokens[0]?.offset ?? 0), mentions };
}

function annotatedId(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex(
    ({ text }, index) => text === '@' && tokens[index + 1]?.text === 'id',
  );
  const literal = at < 0 ? undefined : tokens[at + 3]?.text;
  return literal?.startsWith('"') ? unquote(literal) : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

/** The value of a Cedar string literal. */
function unquote(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(?:u\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|(.))/gs, (_all, wide, narrow, single) => {
      const code: string | undefined = wide ?? narrow;
      return code === undefined
        ? (ESCAPES[single] ?? String(single))
        : String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff));
    });
}
