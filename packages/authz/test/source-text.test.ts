import { isAuthzError } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { parseSourceText } from '../src/node/source-text.ts';

describe('parseSourceText of what is no JSON', () => {
  it.each([
    ['a comma too many in a list', '[1,\n 2,]', 2, 4],
    ['a comma too many in an object', '{"a": 1,\n}', 2, 1],
    ['a missing comma', '{"a": 1\n "b": 2}', 2, 2],
    ['a comment', '{\n  // why\n}', 2, 3],
    ['a word', '[null, nul]', 1, 11],
    ['a word that begins like the one before it', '[true,\ntrux]', 2, 4],
    ['single quotes', "{'a': 1}", 1, 2],
    ['text behind it', '{} x', 1, 4],
    ['a mistake far inside', `[${'"]", '.repeat(20_000)}\n]]`, 2, 1],
    ['an end too early', '{"a": [', 1, 8],
    ['a character outside of the plane', '[😀]', 1, 2],
  ])('names the place of %s', (_name, text, line, column) => {
    const error = caught(() => parseSourceText(text, 'a.json'));
    expect(isAuthzError(error) && error.location).toMatchObject({ file: 'a.json', line, column });
  });
});

describe('parseSourceText of JSON', () => {
  it.each([
    ['in one line', '{"a":1,"a":2}', 1, 8],
    ['with line ends of old', '{\r"a":1,\r"b":{},\r"a":2\r}', 1, 18],
    ['deeper, with line ends of old', '{"l":[\r{"a":1,\r"a":2}]}', 1, 16],
    ['written otherwise', '{"a":1,"\\u0061":2}', 1, 8],
    ['behind a tab and numbers', '{\t"b":-0.5E+7,\t"a":1,\t"a":2}', 1, 23],
  ])('refuses a repeated key %s', (_name, text, line, column) => {
    const error = caught(() => parseSourceText(text, 'a.json'));
    expect(isAuthzError(error) && error.problem).toContain('"a" is given twice');
    expect(isAuthzError(error) && error.location).toMatchObject({ line, column });
  });
});

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
