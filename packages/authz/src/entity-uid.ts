/** Entity uids: their spellings, and a key for maps. */
import type { EntityUidJson, TypeAndId } from '@cedar-policy/cedar-wasm/web';
import { isRecord } from './config-reader.ts';

const TYPE = /^[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*$/;
const QUOTED = /^([A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)::("(?:[^"\\]|\\.)*")$/s;

/** A key for maps: entity types hold no NUL, so no two uids share a key. */
export function keyOfUid(uid: TypeAndId): string {
  return `${uid.type}\0${uid.id}`;
}

/** The type and id of a uid in Cedar's JSON form. */
export function plainUid(uid: EntityUidJson): TypeAndId {
  return '__entity' in uid ? uid.__entity : uid;
}

/**
 * Reads a uid in any spelling: `{type, id}`, `{__entity: {type, id}}`, `Type::"id"`, `Type::id`.
 * The unquoted form ends the type at the first `::`.
 */
export function parseEntityUid(value: unknown): TypeAndId | undefined {
  if (typeof value === 'string') {
    return parseUidText(value);
  }
  if (!isRecord(value)) {
    return undefined;
  }
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === '__entity') {
    return parseEntityUid(value['__entity']);
  }
  const { type, id } = value;
  const isUid = keys.length === 2 && typeof type === 'string' && typeof id === 'string';
  return isUid && TYPE.test(type) ? { type, id } : undefined;
}

function parseUidText(text: string): TypeAndId | undefined {
  const quoted = QUOTED.exec(text);
  if (quoted !== null) {
    const id = unquote(quoted[2]!);
    return id === undefined ? undefined : { type: quoted[1]!, id };
  }
  const split = text.indexOf('::');
  const type = text.slice(0, Math.max(0, split));
  const id = text.slice(split + 2);
  return split > 0 && TYPE.test(type) && !id.startsWith('"') ? { type, id } : undefined;
}

/** The text of a Cedar string literal, whose escapes are those of JSON and `\'`, `\0`, `\x`, `\u{}`. */
function unquote(literal: string): string | undefined {
  const json = literal
    .replace(/\n/g, '\\n')
    .replace(
      /\\(?:u\{([0-9a-fA-F]{1,6})\}|x([0-7][0-9a-fA-F])|(0)|('))|\\./g,
      (match, ...parts) => {
        const [point, byte, nul, quote] = parts as (string | undefined)[];
        const code = point ?? byte ?? (nul === undefined ? undefined : '0');
        if (code !== undefined) {
          const value = Number.parseInt(code, 16);
          return value > 0x10ffff
            ? match
            : JSON.stringify(String.fromCodePoint(value)).slice(1, -1);
        }
        return quote ?? match;
      },
    );
  try {
    return JSON.parse(json) as string;
  } catch {
    // An escape neither JSON nor Cedar knows: the caller reports the uid as unreadable.
    return undefined;
  }
}
