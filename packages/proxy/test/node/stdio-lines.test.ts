import { describe, expect, it } from 'vitest';
import { createLineReader } from '../../src/node/stdio-lines.ts';

function reader(maxBytes = 100) {
  const lines: string[] = [];
  const oversize: [number, string, string][] = [];
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
  const made = createLineReader(maxBytes, {
    line: (bytes) => lines.push(text(bytes)),
    oversize: (length, [head, tail]) => oversize.push([length, text(head), text(tail)]),
  });
  return { ...made, lines, oversize };
}

describe('createLineReader', () => {
  const source = Buffer.from('{"a":"é\u2028ü"}\r\n\nlast');

  it('gives the same lines wherever the bytes are cut', () => {
    for (let first = 0; first <= source.length; first += 1) {
      for (let second = first; second <= source.length; second += 1) {
        const { push, end, lines } = reader();
        push(source.subarray(0, first));
        push(source.subarray(first, second));
        push(source.subarray(second));
        end();
        expect(lines).toEqual(['{"a":"é\u2028ü"}', '', 'last']);
      }
    }
  });

  it('takes a line of exactly the bound and skips a longer one, keeping its edges', () => {
    const { push, lines, oversize } = reader(2000);
    push(Buffer.from(`${'x'.repeat(2000)}\n`));
    push(Buffer.from(`head${'y'.repeat(1000)}`));
    for (let count = 0; count < 1000; count += 1) push(Buffer.from('z'.repeat(1000)));
    push(Buffer.from('tail\nnext\n'));
    expect(lines.map((line) => line.length)).toEqual([2000, 4]);
    const [length, head, tail] = oversize[0] ?? [];
    expect(length).toBe(1_001_008);
    expect(head).toBe(`head${'y'.repeat(508)}`);
    expect(tail).toBe(`${'z'.repeat(508)}tail`);
  });
});
