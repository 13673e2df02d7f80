import { describe, expect, it } from 'vitest';
import { toJsonLine, toJsonText } from '../src/output/json-line.ts';
import { renderList } from '../src/output/offer-table.ts';
import { PLAIN } from '../src/output/screen.ts';
import { renderToolResult } from '../src/output/tool-result.ts';

describe('renderList', () => {
  it('shows lists of odd shape, and nothing that a terminal would act on', () => {
    const items = [
      { name: 'a\u001b[31m', inputSchema: { properties: { x: {}, y: {} }, required: ['x'] } },
      { name: 1, description: 'two\nlines', annotations: { readOnlyHint: false, title: true } },
      {},
    ];
    expect(renderList('tools', items, { format: 'text', screen: PLAIN })).toBe(
      [
        'NAME    ARGUMENTS  HINTS      DESCRIPTION',
        'a [31m  x y?',
        '                   !readOnly  two lines',
        '',
        '',
      ].join('\n'),
    );
  });

  it('shortens descriptions, not names', () => {
    const name = 'n'.repeat(100);
    const out = renderList('prompts', [{ name, description: 'd '.repeat(100) }], {
      format: 'text',
      screen: PLAIN,
    });
    expect(out).toContain(name);
    expect(out).toContain(`${'d '.repeat(39)}d…`);
  });

  it('prints unknown members in JSON', () => {
    expect(
      renderList('templates', [{ uriTemplate: 'a', 'x-new': [1] }], {
        format: 'json',
        screen: PLAIN,
      }),
    ).toBe('{"resourceTemplates":[{"uriTemplate":"a","x-new":[1]}]}\n');
  });
});

describe('renderToolResult', () => {
  it('shows every kind of content', () => {
    const content = [
      { type: 'text', text: 'a\tb\u001b[2J\n' },
      { type: 'image', mimeType: 'image/png', data: 'AAAA' },
      { type: 'resource_link', uri: 'file:///x' },
      { type: 'resource', resource: { uri: 'file:///y', text: 'inside' } },
      { type: 'resource', resource: { uri: 'file:///z', blob: 'AAAA' } },
      { type: 'new' },
      7,
    ];
    expect(renderToolResult({ content }, 'text')).toBe(`a\tb\u{fffd}[2J
[image image/png, 4 characters of base64]
[resource file:///x]
inside
[resource file:///z]
[content of the type new]
[something that is no content]
`);
  });

  it('shows structured content when there is nothing else', () => {
    expect(renderToolResult({ structuredContent: { a: 1 } }, 'text')).toBe('{\n  "a": 1\n}\n');
    expect(renderToolResult({}, 'text')).toBe('');
  });
});

describe('toJsonLine', () => {
  it('escapes what JSON leaves to the terminal', () => {
    const value = { a: '\u009b2J\u007f\u2028\u202e\u2066\u200f\ud800' };
    const line = toJsonLine(value);
    expect(line).toBe('{"a":"\\u009b2J\\u007f\\u2028\\u202e\\u2066\\u200f\\ud800"}\n');
    expect(JSON.parse(line)).toEqual(value);
    expect(toJsonText(value)).toBe(
      `${line.replace('{', '{\n  ').replace(':', ': ').replace('}', '\n}')}`,
    );
  });
});
