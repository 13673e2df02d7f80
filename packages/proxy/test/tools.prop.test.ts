/** Whatever a call looks like, only the name changes; whatever is chosen, both directions agree. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readMessage } from '../src/index.ts';
import { renameCall } from '../src/tools/rename-call.ts';
import { showTool } from '../src/tools/show-tool.ts';
import { createToolNames } from '../src/tools/tool-names.ts';
import { assertToolOptions, type ToolOptions } from '../src/tools/tool-options.ts';
import { harness } from './support/fakes.ts';

const space = fc.constantFrom('', ' ', '\n', '\t', ' \r\n ');
/** JSON with spaces wherever they may stand. */
const layOut = (value: unknown, spaces: () => string): string => {
  if (Array.isArray(value)) {
    return `[${spaces()}${value.map((item) => layOut(item, spaces)).join(`${spaces()},${spaces()}`)}${spaces()}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}${spaces()}:${spaces()}${layOut(member, spaces)}`,
  );
  return `{${spaces()}${members.join(`${spaces()},${spaces()}`)}${spaces()}}`;
};
const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => one.isWellFormed());
const extras = fc.dictionary(
  fc.constantFrom('arguments', '_meta', 'task', 'x', '__proto__'),
  fc.dictionary(fc.constantFrom('name', 'params', 'id', 'a.b', '__proto__'), fc.jsonValue()),
);

interface Call {
  readonly id: unknown;
  readonly rest: Record<string, unknown>;
  readonly nameFirst: boolean;
  readonly gaps: readonly string[];
}
const calls: fc.Arbitrary<Call> = fc.record({
  id: fc.oneof(text, fc.integer()),
  rest: extras,
  nameFirst: fc.boolean(),
  gaps: fc.array(space),
});
function write({ id, rest, nameFirst, gaps }: Call, name: string): string {
  let gap = 0;
  const spaces = () => gaps[gap++ % (gaps.length || 1)] ?? '';
  const params = nameFirst ? { name, ...rest } : { ...rest, name };
  return layOut({ id, params, method: 'tools/call', jsonrpc: '2.0' }, spaces);
}

it('a renamed call is the same call under another name', () => {
  const property = fc.property(calls, text, text, (call, shown, real) => {
    const read = readMessage(new TextEncoder().encode(write(call, shown)), new Headers());
    fc.pre(read.ok);
    const renamed = renameCall(read.message, real);
    expect(new TextDecoder().decode(renamed.raw)).toBe(write(call, real));
    expect(renamed.text).toBe(new TextDecoder().decode(renamed.raw));
    expect(renamed.value).toEqual(JSON.parse(renamed.text));
    expect(renamed.id).toEqual(read.message.id);
  });
  fc.assert(property, { numRuns: 200 });
});

it('a call by the shown name reaches the server as the real one, all other bytes equal', async () => {
  const property = fc.asyncProperty(calls, text, text, async (call, shown, real) => {
    const tools = { override: { [real]: { name: shown } } };
    fc.pre(shown !== real && isSound(tools));
    const { send, upstream } = harness({ tools });
    const { status } = await send(write(call, shown));
    fc.pre(status !== 400);
    expect(status).toBe(200);
    const [forwarded] = upstream.forwarded;
    expect(new TextDecoder().decode(forwarded?.message?.raw)).toBe(write(call, real));
  });
  await fc.assert(property, { numRuns: 100 });
});

const name = fc.constantFrom<string>(
  'a',
  'A',
  'b',
  'B',
  'c',
  'ａ',
  'd',
  '\u212a',
  'k',
  '__proto__',
);
const options: fc.Arbitrary<ToolOptions> = fc.record(
  {
    only: fc.uniqueArray(name, { minLength: 1 }),
    override: fc.dictionary(
      name,
      fc.record({ name, description: fc.constantFrom('x', '"') }, { requiredKeys: [] }),
      { minKeys: 1 },
    ),
  },
  { requiredKeys: [] },
);
const isSound = (given: ToolOptions): boolean => {
  try {
    assertToolOptions(given);
    return true;
  } catch {
    return false;
  }
};

it('what is listed is callable under the listed name, and nothing else is', () => {
  const property = fc.property(options, fc.uniqueArray(name), (given, listed) => {
    fc.pre(isSound(given));
    const names = createToolNames(given);
    const shown = new Map<string, string>();
    for (const real of listed) {
      const item = showTool(JSON.stringify({ name: real }), names);
      if (item === undefined) continue;
      const seen = (JSON.parse(item) as { name: string }).name;
      // No two tools under one name, and the call goes to the one that was listed.
      expect(shown.has(seen)).toBe(false);
      shown.set(seen, real);
      expect(names.realOf(seen)).toBe(real);
      if (given.only !== undefined) expect(given.only).toContain(seen);
    }
    for (const called of listed) {
      const real = names.realOf(called);
      if (real !== undefined && listed.includes(real)) expect(shown.get(called)).toBe(real);
    }
  });
  fc.assert(property, { numRuns: 500 });
});
