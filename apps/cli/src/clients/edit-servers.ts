/**
 * Adds and removes servers in the text of a client's file. Comments, order and layout of everything else
 * stay, and what cannot be read without doubt is not touched. Pure.
 */
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
} from 'jsonc-parser';
import { isRecord } from '../services/json-value.ts';
import { addMember, columnOf, removeMember, renderValue, splice } from './json-text.ts';

/** Why a file is left alone. */
export class DamagedFileError extends Error {
  override readonly name: string = 'DamagedFileError';
}

export type ServerEntry = Readonly<Record<string, unknown>>;

/**
 * The servers of a file, by name.
 *
 * @throws {DamagedFileError}
 */
export function readServers(text: string, key: string): ReadonlyMap<string, ServerEntry> {
  const list = findList(parse(text).root, key);
  return new Map(
    (list?.children ?? []).flatMap((member) => {
      const value: unknown = member.children?.[1] && getNodeValue(member.children[1]);
      return isRecord(value) ? [[String(member.children?.[0]?.value), value] as const] : [];
    }),
  );
}

/**
 * The text with the server in it, in place of one of the same name.
 *
 * @throws {DamagedFileError}
 */
export function withServer(
  text: string,
  {
    key,
    name,
    entry,
  }: { readonly key: string; readonly name: string; readonly entry: ServerEntry },
): string {
  const { body, root, mark } = parse(text);
  const list = findList(root, key);
  const value = list && findNodeAtLocation(list, [name]);
  const edited =
    list === undefined
      ? addMember(body, root, { name: key, value: { [name]: entry } })
      : value === undefined
        ? addMember(body, list, { name, value: entry })
        : splice(body, value.offset, value.length, renderValue(entry, columnOf(body, value), body));
  return mark + checked(edited, root, { key, name, entry });
}

/**
 * The text without the server.
 *
 * @throws {DamagedFileError}
 */
export function withoutServer(
  text: string,
  { key, name }: { readonly key: string; readonly name: string },
): string {
  const { body, root, mark } = parse(text);
  const list = findList(root, key);
  return list === undefined
    ? text
    : mark + checked(removeMember(body, list, name), root, { key, name, entry: undefined });
}

/** Looks once more before anything is written: the edited text says what it should, and no more. */
function checked(
  edited: string,
  root: Node,
  { key, name, entry }: { key: string; name: string; entry: ServerEntry | undefined },
): string {
  const wanted: Record<string, Record<string, unknown>> = getNodeValue(root);
  const list = wanted[key] ?? Object.create(null);
  if (entry === undefined) {
    delete list[name];
  } else {
    list[name] = entry;
  }
  wanted[key] = list;
  if (JSON.stringify(getNodeValue(parse(edited).root)) !== JSON.stringify(wanted)) {
    throw new DamagedFileError('it is laid out in a way that thv cannot edit');
  }
  return edited;
}

const BYTE_ORDER_MARK = '\u{feff}';

interface Parsed {
  /** The text, or an empty object where there is nothing yet. */
  readonly body: string;
  readonly root: Node;
  /** Some editors begin a file with it. */
  readonly mark: string;
}

function parse(text: string): Parsed {
  const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const own = text.slice(mark.length);
  const body = own.trim() === '' ? '{}\n' : own;
  const errors: ParseError[] = [];
  const root = parseTree(body, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    const line = body.slice(0, error.offset).split('\n').length;
    throw new DamagedFileError(`it is not JSON: see line ${line}`);
  }
  if (root?.type !== 'object') {
    throw new DamagedFileError('it holds no JSON object');
  }
  return { body, root, mark };
}

/** The object that holds the servers; undefined when there is none yet. */
function findList(root: Node, key: string): Node | undefined {
  assertUnique(root, key);
  const list = findNodeAtLocation(root, [key]);
  if (list !== undefined && list.type !== 'object') {
    throw new DamagedFileError(`"${key}" is no object`);
  }
  if (list !== undefined) {
    for (const member of list.children ?? []) {
      assertUnique(list, String(member.children?.[0]?.value));
    }
  }
  return list;
}

/** Of two members of one name the client reads one, and an editor changes the other. */
function assertUnique(object: Node, name: string): void {
  const found = (object.children ?? []).filter((member) => member.children?.[0]?.value === name);
  if (found.length > 1) {
    throw new DamagedFileError(`${JSON.stringify(name)} stands in it twice`);
  }
}
