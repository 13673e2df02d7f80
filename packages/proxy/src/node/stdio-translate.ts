/**
 * What a client of the 2026-07-28 revision and a process of a 2025 revision say to each other.
 *
 * Members are put in, taken out and replaced in the text; every other byte stays as it was.
 */

import { VERSION_2026 } from '../mcp/era.ts';
import { cutMembers, membersAt, placeOf, readMembers, setMembers } from '../mcp/json-members.ts';
import {
  INVALID_PARAMS,
  isRecord,
  type JsonRpcId,
  type JsonRpcMessage,
  METHOD_NOT_FOUND,
} from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { type Splice, spliceText } from '../mcp/splice.ts';
import { BRIDGE_ERROR, isReservedCode } from '../upstream/answers.ts';
import { SUBSCRIPTION_ID } from './stdio-splice.ts';

/** The response for the client, under its own id, and the HTTP status that goes with it. */
export interface TranslatedReply {
  readonly text: string;
  readonly status: number;
}

const META = 'io.modelcontextprotocol/';
const SERVER_INFO = `${META}serverInfo`;
export const LOG_LEVEL = `${META}logLevel`;
export const CLIENT_CAPABILITIES = `${META}clientCapabilities`;

/** Requests that mean the same in both eras. Tasks do not, and the bridge answers discovery itself. */
const TRANSLATABLE: ReadonlySet<string> = new Set([
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'completion/complete',
]);

export function isTranslatable(method: string | undefined): boolean {
  return TRANSLATABLE.has(method ?? '');
}

/** What the 2026 revision says with every request, in the place of the 2025 handshake. */
const ENVELOPE: ReadonlySet<string> = new Set(
  ['protocolVersion', 'clientCapabilities', 'clientInfo', 'logLevel'].map((name) => META + name),
);
/**
 * Params that only the 2026 revision gives meaning (a 2025 process has begun no round of questions),
 * and `task`, which only a 2025 revision does: the client could not read the answer.
 */
const ONE_SIDED: ReadonlySet<string> = new Set(['inputResponses', 'requestState', 'task']);

/** Edits that take out of a request what its receiver would not understand, or otherwise. */
export function requestEdits(message: McpMessage): readonly Splice[] {
  const params = membersAt(message.text, ['params']) ?? [];
  const meta = membersAt(message.text, ['params', '_meta']) ?? [];
  return [
    ...cutMembers(params, (key) => ONE_SIDED.has(key)),
    ...cutMembers(meta, (key) => ENVELOPE.has(key)),
  ];
}

/** Results that a 2026 client may keep. Nobody has said for how long, so: not at all. */
const CACHEABLE: ReadonlySet<string> = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);
const UNCACHED = [
  ['ttlMs', '0'],
  ['cacheScope', '"private"'],
] as const;
const COMPLETE = [['resultType', '"complete"']] as const;

/** Words what one process answers as the 2026 revision does. */
export interface Translator {
  /**
   * The response of the process. A result of a 2025 process is always complete: what it may say
   * under the names of the new members meant nothing there, and is replaced.
   */
  reply(reply: JsonRpcMessage, request: Pick<McpMessage, 'id' | 'method'>): TranslatedReply;
  /** The answer to `server/discover`: what the process said of itself in the handshake. */
  discover(id: JsonRpcId | undefined): string;
}

/** @param handshake the response of the process to `initialize` */
export function createTranslator(handshake: JsonRpcMessage): Translator {
  const said = textsOf(handshake.text, ['result']);
  const info = said.get('serverInfo');
  const serverInfo = info?.startsWith('{') === true ? info : undefined;
  return {
    reply(reply, request) {
      const edits: Splice[] = [];
      const id = reply.spans.get('id');
      if (id !== undefined) edits.push({ span: id, text: request.id?.text ?? 'null' });
      let status = 200;
      const { error } = reply.value;
      if (isRecord(error)) {
        const code = codeFor(error['code'], request.method);
        const member = membersAt(reply.text, ['error'])?.find(({ key }) => key === 'code');
        if (member !== undefined) edits.push({ span: member.value, text: String(code) });
        if (code === METHOD_NOT_FOUND) status = 404;
      } else {
        edits.push(...resultEdits(reply.text, request.method ?? '', serverInfo));
      }
      return { text: spliceText(reply.text, edits), status };
    },
    discover(id) {
      const capabilities = [...textsOf(handshake.text, ['result', 'capabilities'])]
        .filter(([key]) => CAPABILITIES.has(key))
        .map(([key, text]) => `"${key}":${text}`);
      const instructions = said.get('instructions');
      const members = [
        '"resultType":"complete"',
        `"supportedVersions":["${VERSION_2026}"]`,
        `"capabilities":{${capabilities.join(',')}}`,
        ...(instructions?.startsWith('"') === true ? [`"instructions":${instructions}`] : []),
        ...UNCACHED.map(([key, text]) => `"${key}":${text}`),
        ...(serverInfo === undefined ? [] : [`"_meta":{"${SERVER_INFO}":${serverInfo}}`]),
      ];
      return `{"jsonrpc":"2.0","id":${id?.text ?? 'null'},"result":{${members.join(',')}}}`;
    },
  };
}

function resultEdits(
  text: string,
  method: string,
  serverInfo: string | undefined,
): readonly Splice[] {
  const result = readMembers(text).find(({ key }) => key === 'result');
  if (result === undefined || text[result.value.start] !== '{') return [];
  const at = result.value.start;
  const members = readMembers(text, at);
  const wanted: (readonly [string, string])[] = [...COMPLETE];
  if (CACHEABLE.has(method)) wanted.push(...UNCACHED);
  if (serverInfo === undefined) return setMembers(members, at, wanted);
  const meta = members.find(({ key }) => key === '_meta')?.value.start;
  if (meta !== undefined && text[meta] === '{') {
    const named = [[SERVER_INFO, serverInfo]] as const;
    const edits = setMembers(readMembers(text, meta), meta, named);
    return [...setMembers(members, at, wanted), ...edits];
  }
  // An object is all that `_meta` may be.
  wanted.push(['_meta', `{"${SERVER_INFO}":${serverInfo}}`]);
  return setMembers(members, at, wanted);
}

/** "Resource not found" of the 2025 revisions. */
const RESOURCE_NOT_FOUND = -32002;

/** Codes that the 2026 revision has given a meaning of its own were a server's to choose before. */
function codeFor(code: unknown, method: string | undefined): unknown {
  if (code === RESOURCE_NOT_FOUND && method === 'resources/read') return INVALID_PARAMS;
  return isReservedCode(code) ? BRIDGE_ERROR : code;
}

/** Capabilities of both eras. Others, such as `tasks`, are of the 2025 revision only. */
const CAPABILITIES: ReadonlySet<string> = new Set([
  ...['completions', 'experimental', 'extensions', 'logging', 'prompts', 'resources', 'tools'],
]);

/** A notification with the id of the subscription on which it goes out. */
export function withSubscription(notice: JsonRpcMessage, idText: string): string {
  const { text } = notice;
  const wanted = [[SUBSCRIPTION_ID, idText]] as const;
  const object = `{${JSON.stringify(SUBSCRIPTION_ID)}:${idText}}`;
  const meta = placeOf(text, ['params', '_meta']);
  if (meta !== undefined) {
    const members = membersAt(text, ['params', '_meta']) ?? [];
    return spliceText(text, setMembers(members, meta, wanted));
  }
  const params = placeOf(text, ['params']);
  const [path, at] = params === undefined ? [[], placeOf(text, []) ?? 0] : [['params'], params];
  const members = membersAt(text, path) ?? [];
  const member: readonly [string, string] =
    params === undefined ? ['params', `{"_meta":${object}}`] : ['_meta', object];
  return spliceText(text, setMembers(members, at, [member]));
}

/** The members of the object at a path, each as the JSON text that stands there. */
function textsOf(text: string, path: readonly string[]): ReadonlyMap<string, string> {
  const members = membersAt(text, path) ?? [];
  return new Map(members.map(({ key, value }) => [key, text.slice(value.start, value.end)]));
}
