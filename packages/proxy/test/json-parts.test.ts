/** A body within the limit of bytes must not keep a processor busy for seconds. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasMoreParts } from '../src/mcp/json-parts.ts';
import { readJsonRpcText } from '../src/mcp/json-rpc.ts';
import { fakeUpstream, harness } from './support/fakes.ts';

const call = (args: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":${args}}}`;
const repeat = (item: string, count: number): string => Array<string>(count).fill(item).join(',');

describe('a message of a client', () => {
  it.each([
    ['members', `{${Array.from({ length: 100_000 }, (_, key) => `"${key}":0`).join(',')}}`],
    ['empty objects', `{"a":[${repeat('{}', 100_000)}]}`],
    ['empty arrays', `{"a":[${repeat('[]', 100_000)}]}`],
    ['small texts', `{"a":[${repeat('""', 100_000)}]}`],
    ['escapes', `{"a":[${repeat('"\\\\\\""', 100_000)}]}`],
  ])('is refused for too many %s', async (_name, args) => {
    const door = harness();
    const answer = await door.send(call(args));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: -32600 } });
    expect(door.reports[0]).toMatchObject({ reason: 'parts' });
    expect(door.upstream.forwarded).toHaveLength(0);
  });

  it.each([
    ['a vector of a million numbers', `{"a":[${repeat('0.25', 1_000_000)}]}`],
    [
      'a text of seven million brackets, commas and quotes',
      `{"a":"${'[{,\\"'.repeat(1_400_000)}"}`,
    ],
    ['a table of 4000 rows', `{"a":[${repeat('{"id":1,"name":"x","b":"y","c":null}', 4000)}]}`],
  ])('may hold %s', async (_name, args) => {
    const door = harness({ upstream: fakeUpstream() });
    expect((await door.send(call(args))).status).toBe(200);
  });
});

it('what a server says may hold more, but not without end', () => {
  const answer = (rows: number): string =>
    `{"jsonrpc":"2.0","id":1,"result":{"rows":[${repeat('{"id":1}', rows)}]}}`;
  expect(readJsonRpcText(answer(300_000)).ok).toBe(true);
  expect(readJsonRpcText(answer(500_000))).toMatchObject({
    refusal: { code: -32600, reason: 'parts' },
  });
});

describe('hasMoreParts', () => {
  it('counts what a plain reader counts', () => {
    const count = (value: unknown): number => {
      if (typeof value === 'string') return 1;
      if (typeof value !== 'object' || value === null) return 0;
      const own = Array.isArray(value) ? 1 : 1 + Object.keys(value).length;
      return Object.values(value).reduce((sum: number, item) => sum + count(item), own);
    };
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const parts = count(JSON.parse(text));
        expect(hasMoreParts(text, parts)).toBe(false);
        if (parts > 0) expect(hasMoreParts(text, parts - 1)).toBe(true);
      }),
    );
  });
});
