/** The ready-made audit sink: whole lines, in order, none forgotten while the output fails. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderAuditLine } from '../src/audit/audit-line.ts';
import {
  type AuditOutput,
  type AuditRecord,
  type AuditWriterOptions,
  createAuditWriter,
} from '../src/index.ts';

function record(target = 't'): AuditRecord {
  return {
    time: '2026-01-01T00:00:00.000Z',
    type: 'mcp_tool_call',
    outcome: 'success',
    status: 200,
    reason: null,
    decision: null,
    policies: [],
    iss: 'i',
    sub: 's',
    client_id: null,
    session: null,
    server: 'weather',
    method: 'tools/call',
    target,
    arguments: [],
    duration_ms: 1,
    source: null,
  };
}

/** A disk with `room` bytes, that takes at most `atOnce` at a time. */
function disk(room = Number.POSITIVE_INFINITY, atOnce = Number.POSITIVE_INFINITY) {
  const state = { text: '', room, writes: 0, closed: false };
  const output: AuditOutput = {
    write: async (bytes) => {
      state.writes += 1;
      await Promise.resolve();
      const count = Math.min(bytes.byteLength, atOnce, state.room);
      if (count === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      state.room -= count;
      state.text += new TextDecoder().decode(bytes.subarray(0, count));
      return count;
    },
    close: async () => {
      state.closed = true;
    },
  };
  const targets = (): unknown[] => {
    expect(state.text.endsWith('\n')).toBe(true);
    return state.text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as AuditRecord).target);
  };
  return { state, output, targets };
}

const writer = (output: AuditOutput, options: Partial<AuditWriterOptions> = {}) =>
  createAuditWriter({ output, ...options });
const lengthOf = (target: string): number => renderAuditLine(record(target)).length;

describe('renderAuditLine', () => {
  it('is one line of visible characters, whatever stands in the record', () => {
    const nasty =
      'a\n\r\u0000\u001b[31m\u007f\u0085\u2028\u2029\u202e\u2066\u200b\ufeff\u{e0041}"\\é';
    const line = renderAuditLine(record(nasty));
    expect(line.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu)).toEqual(['\n']);
    expect(line.endsWith('\n')).toBe(true);
    expect(line).toContain('é');
    expect(JSON.parse(line)).toEqual(record(nasty));
  });

  it('reads back as the record for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (target) => {
        const line = renderAuditLine(record(target));
        expect(JSON.parse(line)).toEqual(record(target));
        expect(line.indexOf('\n')).toBe(line.length - 1);
      }),
    );
  });
});

describe('createAuditWriter', () => {
  it('writes a thousand lines that come at once, whole and in order, in few writes', async () => {
    const { state, output, targets } = disk(undefined, 1000);
    const { write } = writer(output);
    const names = Array.from({ length: 1000 }, (_, index) => `t${index}`);
    await Promise.all(names.map((name) => write(record(name))));
    expect(targets()).toEqual(names);
    // The first line goes alone.
    expect(state.writes).toBeLessThanOrEqual(Math.ceil(state.text.length / 1000) + 1);
  });

  it('has written the line when it says so', async () => {
    const { output, targets } = disk();
    await writer(output).write(record('a'));
    expect(targets()).toEqual(['a']);
  });

  it('rejects while the disk is full, and writes what it could not once there is room', async () => {
    const recovered: unknown[] = [];
    // Room for one line and a half.
    const { state, output, targets } = disk(Math.floor(lengthOf('a') * 1.5));
    const sink = writer(output, { onRecovered: (recovery) => recovered.push(recovery) });
    await sink.write(record('a'));
    expect(sink.ready()).toBeUndefined();
    await expect(sink.write(record('b'))).rejects.toThrow('full');
    await expect(sink.ready()).rejects.toThrow('full');
    await expect(sink.write(record('c'))).rejects.toThrow('full');
    state.room = 1e6;
    await sink.ready();
    expect(sink.ready()).toBeUndefined();
    await sink.write(record('d'));
    await sink.close();
    expect(targets()).toEqual(['a', 'b', 'c', 'd']);
    expect(recovered).toEqual([{ late: 2, lost: 0 }]);
  });

  it('keeps no more than it has room for, the oldest first, and counts the rest', async () => {
    const recovered: unknown[] = [];
    const { state, output, targets } = disk(0);
    const backlogBytes = lengthOf('a') * 2;
    const sink = writer(output, { backlogBytes, onRecovered: (one) => recovered.push(one) });
    for (const name of ['a', 'b', 'c', 'd']) {
      await expect(sink.write(record(name))).rejects.toThrow('full');
    }
    state.room = 1e6;
    await sink.write(record('e'));
    await sink.close();
    expect(targets()).toEqual(['a', 'b', 'e']);
    expect(recovered).toEqual([{ late: 2, lost: 2 }]);
  });

  it('finishes a line that is half written, although there is no room to keep it', async () => {
    const { state, output, targets } = disk(lengthOf('a') / 2);
    const sink = writer(output, { backlogBytes: 1 });
    await expect(sink.write(record('a'))).rejects.toThrow('full');
    state.room = 1e6;
    await sink.write(record('b'));
    expect(targets()).toEqual(['a', 'b']);
  });

  it('tries one line at a time while it fails, however many wait', async () => {
    const inner = disk(0);
    const sizes: number[] = [];
    const output: AuditOutput = {
      ...inner.output,
      write: (bytes) => {
        sizes.push(bytes.byteLength);
        return inner.output.write(bytes);
      },
    };
    const sink = writer(output);
    for (let count = 0; count < 5; count += 1) {
      await expect(sink.write(record('a'))).rejects.toThrow('full');
    }
    expect(new Set(sizes)).toEqual(new Set([lengthOf('a')]));
  });

  it('waits for no output that hangs, and loses nothing when it goes on', async () => {
    const inner = disk();
    const gate = Promise.withResolvers<void>();
    const output: AuditOutput = {
      ...inner.output,
      write: async (bytes) => {
        await gate.promise;
        return inner.output.write(bytes);
      },
    };
    const sink = writer(output, { timeout: 5 });
    await expect(sink.write(record('a'))).rejects.toThrow('too long');
    await expect(sink.write(record('b'))).rejects.toThrow('too long');
    await expect(sink.ready()).rejects.toThrow('too long');
    gate.resolve();
    await sink.write(record('c')).catch(() => undefined);
    expect(await sink.close()).toBe(0);
    expect(inner.targets()).toEqual(['a', 'b', 'c']);
  });

  it('says on closing how many lines are lost', async () => {
    const { state, output } = disk(0);
    const sink = writer(output);
    await expect(sink.write(record('a'))).rejects.toThrow('full');
    expect(await sink.close()).toBe(1);
    expect(state.closed).toBe(true);
  });

  it('holds whatever fails and whenever it does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 700 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 400 }),
        async (rooms, atOnce) => {
          const { state, output, targets } = disk(0, atOnce);
          const sink = writer(output);
          const names = rooms.map((_, index) => `t${index}`);
          const kept: string[] = [];
          for (const [index, room] of rooms.entries()) {
            state.room = room;
            await sink.write(record(names[index])).then(
              () => {
                // What is said to be written is.
                kept.push(names[index]!);
                expect(state.text).toContain(`"${names[index]}"`);
              },
              () => undefined,
            );
          }
          state.room = 1e6;
          expect(await sink.close()).toBe(0);
          if (rooms.length > 0) expect(targets()).toEqual(names);
        },
      ),
    );
  });
});
