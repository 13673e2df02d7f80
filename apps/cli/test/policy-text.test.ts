import { loadCedar } from '@thv/authz/node';
import { describe, expect, it } from 'vitest';
import { readPolicyPlaces } from '../src/services/policy-text.ts';

const places = (text: string) => readPolicyPlaces([{ text, file: 'a.cedar' }]);

describe('readPolicyPlaces', () => {
  it('finds ids, places and entities', () => {
    const text = `// Tool::"no"
permit(principal, action, resource == Tool::"a");

@id("b") forbid(principal, action,
  resource in [Tool :: "b", Other::Tool::"no"]) when { "Tool::\\"no\\"" != "x" };`;
    expect(places(text)).toMatchObject([
      {
        id: 'policy0',
        file: 'a.cedar',
        line: 2,
        column: 1,
        mentions: [
          { type: 'Tool', id: 'a', policy: 'policy0', file: 'a.cedar', line: 2, column: 39 },
        ],
      },
      {
        id: 'b',
        file: 'a.cedar',
        line: 4,
        column: 1,
        mentions: [{ type: 'Tool', id: 'b', policy: 'b', file: 'a.cedar', line: 5, column: 16 }],
      },
    ]);
  });

  it('counts positions over all texts', () => {
    const one = { text: 'permit(principal, action, resource);' };
    expect(readPolicyPlaces([one, one, one]).map(({ id }) => id)).toEqual([
      ...['policy0', 'policy1', 'policy2'],
    ]);
  });

  it.each([
    ['a quote', '"a\\"b"'],
    ['a semicolon', '"a;b"'],
    ['a line end', '"a\\nb"'],
    ['hexadecimal', '"\\x41"'],
    ['Unicode', '"\\u{1F600}"'],
    ['a backslash', '"a\\\\"'],
  ])('reads %s in a name as Cedar does', async (_name, literal) => {
    const text = `permit(principal, action, resource == Tool::${literal});`;
    const cedar = await loadCedar();
    const answer = cedar.policyToJson(text);
    const entity =
      answer.type === 'success' && 'entity' in answer.json.resource
        ? answer.json.resource.entity
        : undefined;
    expect(places(text).map(({ mentions }) => mentions[0]?.id)).toEqual([
      entity !== undefined && 'id' in entity ? entity.id : 'none',
    ]);
  });
});
