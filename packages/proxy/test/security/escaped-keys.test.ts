/**
 * Keys that are written with escapes. V8 13.6 (Node 24) reads some of them wrongly: an object of the
 * same shape that came before makes `JSON.parse` take `"pa\u0074h"` for `"pa\\u"`. A caller can send
 * such an object first, and hide an argument from the policy that the server then reads.
 */

import { expect, it } from 'vitest';
import { readStrictJson } from '../../src/mcp/strict-json.ts';
import { engine, harness } from '../support/fakes.ts';

const call = (args: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":${args}}}`;

it.each([
  // Attempts: key tricks
  ['a slash', '"pa/th"', '"pa\\\\/t"', '"pa\\/th"', 403],
  ['another script', '"pfäd"', '"pf\\\\u"', '"pf\\u00e4d"', 403],
  // Refused at once, since a server might be mistaken as well.
  ['a letter', '"path"', '"pa\\\\u"', '"pa\\u0074h"', 400],
  ['a letter in capitals', '"pAth"', '"p\\\\u0"', '"p\\u0041th"', 400],
])('%s hides no argument from the policy', async (_name, plain, expected, written, status) => {
  const hidden = JSON.parse(plain) as string;
  const { send, upstream } = harness({
    authorize: engine(({ arguments: args }) => !Object.hasOwn(Object(args), hidden)),
  });
  // The shape that is expected next: first `unusual`, then what the key looks like as written.
  for (let count = 0; count < 50; count += 1) {
    expect((await send(call(`{"unusual":1,${expected}:2}`))).status).toBe(200);
  }
  const before = upstream.forwarded.length;
  expect((await send(call(`{"unusual":1,${written}:"/etc/passwd"}`))).status).toBe(status);
  expect(upstream.forwarded).toHaveLength(before);
});

it.each(['\\\\u0061', '\\n', '\\/', '\\u00e9', '\\u003c', '\\u0000', '\\\\\\"'])(
  'an escape that encoders write is no reason to refuse: %s',
  async (key) => {
    expect((await harness().send(call(`{"a${key}":1}`))).status).toBe(200);
  },
);

it.each([
  ['{"odd":1,"\\\\":2}', '{"odd":1,"\\/":2}', ['odd', '/']],
  ['{"rare":1,"\\\\u":2}', '{"rare":1,"\\ud83d\\ude00":2}', ['rare', '😀']],
])('are read as what they say after %s', (first, second, keys) => {
  for (let count = 0; count < 50; count += 1) readStrictJson(first);
  const read = readStrictJson(second);
  expect(read.ok && Object.keys(Object(read.json.value))).toEqual(keys);
});

it.each([
  '{"\\u00e1":{"b":[1,-0,1e400,"\\n",true,null,{}],"__proto__":{"x":[]}}, "c" : [ ] }',
  '[{"\\"":"\\\\"},{"\\\\":"\\""},{"\\u005c":1}]',
  ' { "\\t" : "{\\"a\\":1}" , "" : 9007199254740993 } ',
])('leave the rest of %s as it is', (text) => {
  const read = readStrictJson(text);
  expect(read.ok && read.json.value).toEqual(JSON.parse(text));
});
