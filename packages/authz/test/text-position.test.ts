import { positionAt } from '@thv/authz';
import { describe, expect, it } from 'vitest';

describe('positionAt', () => {
  it('gives the line with its indentation', () => {
    expect(positionAt('a\r\n  bcd\r\n', 6)).toEqual({
      line: 2,
      column: 4,
      excerpt: '  bcd',
      excerptColumn: 4,
    });
    expect(positionAt('', 5)).toEqual({ line: 1, column: 1, excerpt: '', excerptColumn: 1 });
  });

  it.each([
    ['in the middle', 200, 200, /^…x+HEREy+…$/],
    ['at the start', 0, 200, /^HEREy+…$/],
    ['at the end', 200, 0, /^…x+HERE$/],
  ])('shortens a long line around the place: %s', (_, before, after, expected) => {
    const text = `${'x'.repeat(before)}HERE${'y'.repeat(after)}`;
    const { column, excerpt, excerptColumn } = positionAt(text, before);
    expect(column).toBe(before + 1);
    expect(excerpt).toMatch(expected);
    expect(excerpt.slice(excerptColumn - 1)).toMatch(/^HERE/);
    expect(excerpt.length).toBeLessThanOrEqual(102);
  });
});
