/** What must hold for every input, made up from a seed. Each throws when it does not. */

import { deepStrictEqual, ok } from 'node:assert/strict';
import { readStrictJson } from '../../src/mcp/strict-json.ts';
import { createSessionTraffic } from '../../src/session/traffic.ts';
import { filterSse } from '../../src/stream/filter-sse.ts';
import {
  dropMirrors,
  forwardedRequestHeaders,
  returnedResponseHeaders,
} from '../../src/upstream/headers.ts';
import { checkInterleaving } from './interleaving.ts';
import type { Random } from './random.ts';

export const CASES: Readonly<Record<string, (random: Random) => void | Promise<void>>> = {
  json: checkJson,
  sse: checkSse,
  headers: checkHeaders,
  stdio: checkInterleaving,
};

const KEYS = ['id', 'result', 'tools', 'a', 'a.b', 'tools[]', '__proto__', '', '\u0000', 'é', 'ſ'];
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u',
  'd83d',
  '\ud83d',
  '1',
  '-',
  'e',
  ' ',
];
const WANTED = new Set(['id', 'result.tools', 'result.tools[]', 'result', 'a']);

function makeJson(random: Random, depth: number): string {
  const space = (): string => random.pick(['', '', '', ' ', '\n', '\t\r']);
  const wrap = (text: string): string => space() + text + space();
  switch (depth <= 0 ? random.below(4) : random.below(7)) {
    case 0:
      return wrap(random.pick(['0', '-0', '1e3', '0.1', '9007199254740993', '-1E-2']));
    case 1:
      return wrap(random.pick(['true', 'false', 'null']));
    case 2:
    case 3:
      return wrap(makeString(random));
    case 4:
    case 5: {
      const members = Array.from({ length: random.below(5) }, () => {
        const key = random.once(3) ? makeString(random) : JSON.stringify(random.pick(KEYS));
        return `${wrap(key)}:${makeJson(random, depth - 1)}`;
      });
      return wrap(`{${members.length === 0 ? space() : members.join(',')}}`);
    }
    default: {
      const items = Array.from({ length: random.below(5) }, () => makeJson(random, depth - 1));
      return wrap(`[${items.length === 0 ? space() : items.join(',')}]`);
    }
  }
}

function makeString(random: Random): string {
  const parts = Array.from({ length: random.below(4) }, () =>
    random.pick([
      'x',
      '\\n',
      '\\"',
      '\\\\',
      '\\u0061',
      '\\/',
      '\\u00e9',
      '\\ud83d\\ude00',
      '\\ud83d',
      '😀',
      '{',
      ',',
      ':',
    ]),
  );
  return `"${parts.join('')}"`;
}

/** Cuts out, doubles, or puts in. */
function damage(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(at);
    case 2:
      return text + text.slice(at);
    default:
      return text;
  }
}

/** What is accepted has the value that `JSON.parse` gives, and spans stand where the values are. */
function checkJson(random: Random): void {
  const text = damage(random, makeJson(random, 5));
  const read = readStrictJson(text, WANTED);
  let value: unknown;
  try {
    JSON.parse(text);
    value = readByItself(text);
  } catch {
    ok(!read.ok && read.problem === 'syntax', text);
    return;
  }
  if (!read.ok) {
    ok(read.problem !== 'syntax', text);
    if (read.problem === 'escaped-key') ok(/\\u00[3-7]/.test(text), text);
    if (read.problem === 'duplicate-key') ok(countKeys(text) > countMembers(value), text);
    return;
  }
  deepStrictEqual(read.json.value, value, text);
  ok(countKeys(text) === countMembers(value), `a key was given twice: ${text}`);
  for (const path of ['id', 'a', 'result', 'result.tools']) {
    const at = path.split('.').reduce<unknown>(member, value);
    const span = read.json.spans.get(path);
    ok((span === undefined) === (at === undefined), `${path} in ${text}`);
    if (span === undefined) continue;
    const slice = text.slice(span.start, span.end);
    deepStrictEqual(readByItself(slice), at);
    ok(slice.trim() === slice, text);
  }
  const tools = member(member(value, 'result'), 'tools');
  if (!Array.isArray(tools)) return;
  const items = read.json.items.get('result.tools[]') ?? [];
  deepStrictEqual(
    items.map(({ start, end }) => readByItself(text.slice(start, end))),
    tools,
  );
}

let keys = 0;

/**
 * The value by `JSON.parse`, with a prefix before every key that no key had before, in this text or in
 * another: some engines take a key with escapes for another one that they have seen.
 */
function readByItself(text: string): unknown {
  const marked = text.replaceAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/g, (all, string, colon) => {
    if (colon === undefined) return all;
    keys += 1;
    return `"${keys}#${string}"${colon}`;
  });
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, one]) => [
      key.slice(key.indexOf('#') + 1),
      strip(one),
    ]);
    return Object.fromEntries(entries);
  };
  return strip(JSON.parse(marked));
}

function member(value: unknown, key: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** Keys as written, told from other strings by the colon that follows. */
function countKeys(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:?)/g)].filter(([, colon]) => colon === ':')
    .length;
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const children: unknown[] = Object.values(value);
  const own = Array.isArray(value) ? 0 : children.length;
  return children.reduce<number>((sum, child) => sum + countMembers(child), own);
}

const LINES = [
  'data: x',
  'data:',
  'data',
  ': c',
  'id: 1',
  'id: \0',
  'retry: 5',
  'event: e',
  'é: ü',
  '',
];
const MESSAGES = [
  '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"ok"},{"name":"secret"}]}}',
  '{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"secret"}]}}',
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"ü😀"}}',
  '{"jsonrpc":"2.0","id":1,\n"result":{"tools":[{"name":"secret"}]}}',
];

/** Wherever the bytes are cut the client gets the same, and never what it may not see. */
async function checkSse(random: Random): Promise<void> {
  let text = random.once(4) ? '\ufeff' : '';
  for (let count = random.below(12); count > 0; count -= 1) {
    const line = random.once(2)
      ? random.pick(LINES)
      : `${random.pick(['data: ', 'data:', 'id: 7\rdata: '])}${random.pick(MESSAGES)}`;
    text += line + random.pick(['\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n', '\n\r', '']);
  }
  const bytes = new TextEncoder().encode(text);
  if (random.once(8) && bytes.length > 0) bytes[random.below(bytes.length)] = 0xff;
  const whole = await filtered([bytes]);
  // Names and ids of events are the server's own words; clients read results in the data only.
  const isLeak = (line: string): boolean => /^data: .*"result".*"secret"/.test(line);
  ok(!whole.split('\n').some(isLeak), text);
  const cut = random.below(bytes.length + 1);
  deepStrictEqual(await filtered([bytes.subarray(0, cut), bytes.subarray(cut)]), whole);
  deepStrictEqual(await filtered(Array.from(bytes, (byte) => Uint8Array.of(byte))), whole);
}

async function filtered(chunks: readonly Uint8Array[]): Promise<string> {
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const stream = filterSse(source, {
    request: { idText: '1', list: 'tools', mayBeginTask: false, isJudged: false },
    traffic: createSessionTraffic(),
    filterList: async (_list, result) => {
      const tools = member(result, 'tools');
      if (!Array.isArray(tools)) return { ok: false, reason: 'list' };
      return { ok: true, kept: tools.flatMap((t, at) => (member(t, 'name') === 'ok' ? [at] : [])) };
    },
    harmless: 'pass',
    mayNotice: () => true,
    onWithheld: () => undefined,
    onNotification: () => undefined,
    onTask: () => undefined,
    maxEventLength: 100_000,
    endsAt: undefined,
    goodAt: 0,
    ending: undefined,
    now: () => 0,
  });
  // Comments keep a connection open; how many there are is nobody's concern.
  return (await new Response(stream).text()).replaceAll(': keep-alive\n\n', '');
}

const NAMES = ['x-a', 'X-B', 'connection', 'te', 'trailer', 'upgrade', 'keep-alive', 'cookie'];
const MORE = ['transfer-encoding', 'authorization', 'proxy-authorization', 'mcp-name', 'accept'];
const NEVER = ['connection', 'te', 'trailer', 'upgrade', 'keep-alive', 'transfer-encoding'];
const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];
const VALUES = ['x-a', 'X-B, te', 'close', ', ,x-a', 'mcp-name', '', ' x-b ', 'chunked', '*'];

/** Filtering twice is filtering once, and nothing that belongs to one hop or one caller gets through. */
function checkHeaders(random: Random): void {
  const headers = new Headers();
  for (let count = random.below(10); count > 0; count -= 1) {
    headers.append(random.pick([...NAMES, ...MORE]), random.pick(VALUES));
  }
  const connection = (headers.get('connection') ?? '').split(',');
  // By those of the protocol a message was judged, so no connection takes them away.
  const named = connection.map((n) => n.trim().toLowerCase()).filter((n) => !n.startsWith('mcp-'));
  for (const filter of [forwardedRequestHeaders, returnedResponseHeaders]) {
    const once = filter(headers);
    deepStrictEqual([...filter(once)], [...once]);
    for (const name of [...NEVER, ...named]) ok(name === '' || !once.has(name), name);
  }
  for (const name of CREDENTIALS) ok(!forwardedRequestHeaders(headers).has(name), name);
  const forwarded = forwardedRequestHeaders(headers);
  dropMirrors(forwarded);
  ok(!forwarded.has('mcp-name'));
}
