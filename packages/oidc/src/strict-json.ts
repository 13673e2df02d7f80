/**
 * JSON with exactly one reading (RFC 8725 §2.4 and RFC 7515 §4 on duplicate member names):
 * duplicate keys at any level, ill-formed UTF-8, a byte order mark and deep nesting are refused.
 *
 * Keys are never left to `JSON.parse` with escapes in them: that of V8 13.6 (Node 24) compares such a
 * key, as it is written, with the one that it expects after an object of the same shape, and then
 * reads another key. Whoever can choose a claim's name could hide the claim from a policy.
 */

const MAX_DEPTH = 64;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses UTF-8 JSON bytes or text and refuses what two parsers could read differently.
 *
 * @throws {SyntaxError} with a fixed message that quotes none of the input.
 */
export function parseStrictJson(input: Uint8Array | string): unknown {
  let value: unknown;
  let text: string;
  try {
    text = typeof input === 'string' ? input : decoder.decode(input);
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes the input, so it is replaced.
    throw new SyntaxError('not valid JSON');
  }
  const rewritten = rewriteKeys(text, findEscapedKeys(text));
  return rewritten === text ? value : JSON.parse(rewritten);
}

/** True for a JSON object, as opposed to an array, null or a scalar. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key that is written with escapes: where it stands, and what it means. */
interface EscapedKey {
  readonly start: number;
  readonly end: number;
  readonly key: string;
}

/**
 * Walks text that `JSON.parse` has accepted, so only strings and brackets need to be read.
 *
 * @throws {SyntaxError} when the text has more than one reading
 */
function findEscapedKeys(text: string): readonly EscapedKey[] {
  const found: EscapedKey[] = [];
  const stack: (Set<string> | null)[] = [];
  let keyExpected = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        stack.push(new Set());
        keyExpected = true;
        break;
      case 0x5b: // [
        stack.push(null);
        keyExpected = false;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        stack.pop();
        keyExpected = false;
        break;
      case 0x2c: // ,
        keyExpected = stack.at(-1) instanceof Set;
        break;
      case 0x22: {
        const end = endOfString(text, at);
        const keys = stack.at(-1);
        if (keyExpected && keys) {
          const key: string = JSON.parse(text.slice(at, end + 1));
          if (keys.has(key)) throw new SyntaxError('duplicate key in JSON object');
          keys.add(key);
          if (key.length !== end - at - 1) found.push({ start: at, end: end + 1, key });
          keyExpected = false;
        }
        at = end;
        break;
      }
      default:
    }
    if (stack.length > MAX_DEPTH) throw new SyntaxError('JSON nested too deeply');
  }
  return found;
}

/** The same JSON with its keys written plainly. Keys that cannot be are no names of anything. */
function rewriteKeys(text: string, escaped: readonly EscapedKey[]): string {
  let rewritten = '';
  let from = 0;
  for (const { start, end, key } of escaped) {
    const plain = JSON.stringify(key);
    if (plain.length !== key.length + 2) throw new SyntaxError('unusual key in JSON object');
    rewritten += text.slice(from, start) + plain;
    from = end;
  }
  return rewritten + text.slice(from);
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}
