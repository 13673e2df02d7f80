/**
 * Keys that are written with escapes. V8 13.6 (Node 24) reads some of them wrongly: an object of the
 * same shape that came before makes `JSON.parse` take `"pa\u0074h"` for `"pa\\u"`. A caller can send
 * such an object first, and hide an argument from the policy that the server then reads.
 */

import { expect, it } from 'vitest';
import { readStrictJson } from '../../src/mcp/strict-json.ts';
import { engine, harness } from '../support/fakes.ts';

const noPath = engine(({ arguments: args }) => !Object.hasOwn(Object(args), 'path'));
const call = (args: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":${args}}}`;

it('hide no argument from the policy', async () => {
  const { send, upstream } = harness({ authorize: noPath });
  // The shape that is expected next: first `unusual`, then a key of backslash and `u`.
  for (let count = 0; count < 50; count += 1) {
    expect((await send(call('{"unusual":1,"pa\\\\u":2}'))).status).toBe(200);
  }
  const before = upstream.forwarded.length;
  expect((await send(call('{"unusual":1,"pa\\u0074h":"/etc/passwd"}'))).status).toBe(403);
  expect(upstream.forwarded).toHaveLength(before);
});

it.each([
  ['{"unusual":1,"pa\\\\u":2}', '{"unusual":1,"pa\\u0074h":2}', ['unusual', 'path']],
  ['{"odd":1,"\\\\":2}', '{"odd":1,"\\/":2}', ['odd', '/']],
  ['{"rare":1,"\\\\u":2}', '{"rare":1,"\\ud83d\\ude00":2}', ['rare', '😀']],
])('are read as what they say after %s', (first, second, keys) => {
  for (let count = 0; count < 50; count += 1) readStrictJson(first);
  const read = readStrictJson(second);
  expect(read.ok && Object.keys(Object(read.json.value))).toEqual(keys);
});

it.each([
  '{"\\u0061":{"b":[1,-0,1e400,"\\n",true,null,{}],"__proto__":{"x":[]}}, "c" : [ ] }',
  '[{"\\"":"\\\\"},{"\\\\":"\\""},{"\\u005c":1}]',
  ' { "\\t" : "{\\"a\\":1}" , "" : 9007199254740993 } ',
])('leave the rest of %s as it is', (text) => {
  const read = readStrictJson(text);
  expect(read.ok && read.json.value).toEqual(JSON.parse(text));
});
