/** Edits of members against what `JSON.parse` makes of the text before and after. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildJson } from '../src/mcp/json-build.ts';
import {
  cutMembers,
  membersAt,
  placeOf,
  readMembers,
  setMembers,
} from '../src/mcp/json-members.ts';
import { spliceText } from '../src/mcp/splice.ts';
import { readStrictJson } from '../src/mcp/strict-json.ts';

const key = fc.oneof(
  fc.constantFrom('a', 'b', '_meta', 'a.b', 'a[b', '', '"', '\\', '{', '},'),
  fc.string(),
);
const value = fc.jsonValue({ maxDepth: 3 });
const object = fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: true });
/** JSON text with blanks wherever JSON has them. */
const text = fc
  .tuple(object, fc.constantFrom(undefined, 1, '\t'))
  .map(([members, indent]) => ({ members, json: JSON.stringify(members, undefined, indent) }));

describe('members', () => {
  it('stand where they are said to', () => {
    fc.assert(
      fc.property(text, ({ members, json }) => {
        const found = readMembers(json);
        expect(found.map((member) => member.key)).toEqual(Object.keys(members));
        for (const member of found) {
          const raw = json.slice(member.value.start, member.value.end);
          expect(buildJson(raw)).toEqual(buildJson(JSON.stringify(members[member.key])));
        }
      }),
    );
  });

  it('can be cut in any choice, which leaves the rest', () => {
    fc.assert(
      fc.property(text, fc.func(fc.boolean()), ({ members, json }, isUnwanted) => {
        const cut = spliceText(
          json,
          cutMembers(readMembers(json), (name) => isUnwanted(name)),
        );
        const kept = Object.entries(members).filter(([name]) => !isUnwanted(name));
        expect(buildJson(cut)).toEqual(buildJson(JSON.stringify(Object.fromEntries(kept))));
        expect(readStrictJson(cut).ok).toBe(readStrictJson(json).ok);
      }),
    );
  });

  it('can be set, whether they were there or not', () => {
    fc.assert(
      fc.property(text, object, ({ members, json }, wanted) => {
        const texts = Object.entries(wanted).map(
          ([name, member]) => [name, JSON.stringify(member)] as const,
        );
        const set = spliceText(json, setMembers(readMembers(json), 0, texts));
        const both = { ...members, ...wanted };
        // Not by JSON.parse, which reads some keys with escapes as others (see json-build.ts).
        expect(buildJson(set)).toEqual(buildJson(JSON.stringify(both)));
      }),
    );
  });

  it('are found by path in objects only', () => {
    const json = '{"a":[{"b":1}],"x":{"y":{"z":1}},"s":"{"}';
    expect(placeOf(json, ['a', 'b'])).toBeUndefined();
    expect(placeOf(json, ['s'])).toBeUndefined();
    expect(membersAt(json, ['x', 'y'])?.map((member) => member.key)).toEqual(['z']);
    expect(membersAt(json, ['x', 'y', 'z'])).toBeUndefined();
  });
});
