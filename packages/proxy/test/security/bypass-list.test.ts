/** `README.md` in this folder says how many attempts there are of each class. It is counted here. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const FOLDER = new URL('.', import.meta.url);

/** A comment in a table says of which class the attempts below it are, up to the next or the end. */
const MARKER = /^ *\/\/ Attempts(, one per text)?: (.+)$/;
/** Tables are written by the formatter: one row begins with a bracket and a text, in one line or two. */
const ROW = /^ +\[(?:$|['"`])/;
const TEXT = /'(?:[^'\\]|\\.)*'/g;

function countAttempts(source: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  let current:
    | { readonly name: string; readonly depth: number; readonly flat: boolean }
    | undefined;
  for (const line of source.split('\n')) {
    const depth = line.length - line.trimStart().length;
    const [, flat, name] = MARKER.exec(line) ?? [];
    if (name !== undefined) current = { name, depth, flat: flat !== undefined };
    else if (current !== undefined && line.trim() !== '' && depth < current.depth)
      current = undefined;
    else if (current !== undefined) {
      const isRow = depth === current.depth && ROW.test(line);
      const found = current.flat ? (line.match(TEXT)?.length ?? 0) : Number(isRow);
      counts.set(current.name, (counts.get(current.name) ?? 0) + found);
    }
  }
  return counts;
}

const rows = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.test.ts') && file !== 'bypass-list.test.ts')
  .flatMap((file) =>
    [...countAttempts(readFileSync(new URL(file, FOLDER), 'utf8'))].map(
      ([name, count]) => ({ name, file, count }) as const,
    ),
  )
  .sort((a, b) => a.name.localeCompare(b.name) || a.file.localeCompare(b.file));

const CLASSES = [
  'batch',
  'compression',
  'duplicate headers',
  'encodings',
  'id confusion',
  'key tricks',
  'list on GET stream',
  'path tricks',
  'session swapping',
  'smuggling',
  'SSE framing',
  'verb tricks',
];

it('the table in the README is true', () => {
  const table = rows.map(({ name, file, count }) => `| ${name} | \`${file}\` | ${count} |`);
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  const readme = readFileSync(new URL('README.md', FOLDER), 'utf8');
  const lines = readme.split('\n').map((line) => line.replaceAll(/ {2,}\|/g, ' |'));
  expect(lines.filter((line) => line.startsWith('|') && line.includes('.test.ts'))).toEqual(table);
  expect(lines.find((line) => line.startsWith('| all'))).toBe(`| all | | ${total} |`);
});

it.each(CLASSES)('there are attempts with %s', (name) => {
  const own = rows.filter((row) => row.name === name);
  expect(own.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(3);
});
