/**
 * The one strict reading of a message (D5) beside `JSON.parse` of the same text. Budget: less than
 * parsing it twice over. The smallest messages have fixed costs that no parser has, and every escape is
 * looked at by itself, so these are shown and not held against it.
 */

import { readMessage } from '@thv/proxy';
import { measureRounds } from '../support/rounds.ts';

const ROUNDS = 9;
const BUDGET = 2;

const rows = Array.from({ length: 1000 }, (_, id) => {
  return {
    id,
    name: `item ${id}`,
    tags: ['a', 'b'],
    price: id * 1.5,
    ok: true,
    at: { x: 1, y: null },
  };
});
const call = (args: unknown): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'weather', arguments: args },
  });

const texts = [
  { name: 'a small call', text: call({ city: 'Bern' }), isHeld: false },
  { name: 'a call with 40 rows', text: call({ rows: rows.slice(0, 40) }), isHeld: true },
  { name: 'a call with 1,000 rows', text: call({ rows }), isHeld: true },
  {
    name: 'a call with a long text',
    text: call({ text: 'Lorem ipsum dolor sit amet, consectetur.\n'.repeat(2500) }),
    isHeld: true,
  },
  {
    name: 'a call with JSON in a text',
    text: call({ text: JSON.stringify(rows) }),
    isHeld: false,
  },
];

const headers = new Headers();
const decoder = new TextDecoder();
let broken = false;
for (const { name, text, isHeld } of texts) {
  const bytes = new TextEncoder().encode(text);
  const repeats = Math.max(10, Math.round(2_000_000 / bytes.length));
  const read = (): void => {
    if (!readMessage(bytes, headers).ok) throw new Error('refused');
  };
  const parse = (): void => {
    JSON.parse(decoder.decode(bytes));
  };
  for (let warm = 0; warm < repeats; warm += 1) {
    read();
    parse();
  }
  const medians = await measureRounds(
    [
      { name: 'read', run: async () => cpu(read, repeats) },
      { name: 'parse', run: async () => cpu(parse, repeats) },
    ],
    ROUNDS,
  );
  const [ours = 0, base = 0] = [medians.get('read'), medians.get('parse')];
  const ratio = ours / base;
  const verdict = isHeld ? (ratio < BUDGET ? 'kept' : 'BROKEN') : 'not held';
  broken ||= verdict === 'BROKEN';
  process.stdout.write(
    `${name.padEnd(26)} ${String(bytes.length).padStart(7)} bytes  JSON.parse ${base.toFixed(1).padStart(7)} µs` +
      `  read ${ours.toFixed(1).padStart(7)} µs  ${ratio.toFixed(2)} × (budget ${BUDGET}) ${verdict}\n`,
  );
}
process.exitCode = broken ? 1 : 0;

/** Microseconds of processor time for one; other processes do not count. */
function cpu(run: () => void, repeats: number): number {
  const before = process.cpuUsage();
  for (let at = 0; at < repeats; at += 1) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / repeats;
}
