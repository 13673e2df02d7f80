/**
 * What the proxy adds to the way of an event, with 1,000 streams open, an event a second on each.
 * Budget: p99 ≤ 10 ms more than without it in the same run, and no event lost.
 */

import { Agent, get, type IncomingMessage } from 'node:http';
import { startChild } from '../support/children.ts';
import { median, runRounds } from '../support/rounds.ts';

const STREAMS = 1000;
const SECONDS = 8;
const ROUNDS = 5;
const BUDGET_MS = 10;

interface Round {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly events: number;
  readonly lost: number;
}

const upstream = await startChild('stream-server.ts');
const full = await startChild('full-proxy.ts', { UPSTREAM: upstream.said['url'] ?? '' });
const token = full.said['token'] ?? '';
const variants = [
  { name: 'direct', run: () => listenTo(upstream.said['url'] ?? '') },
  { name: 'proxied', run: () => listenTo(full.said['url'] ?? '') },
];
for (const { run } of variants) await run();
const rounds = await runRounds(variants, ROUNDS);
const of = (name: string, value: (round: Round) => number): number =>
  median((rounds.get(name) ?? []).map(value));
for (const { name } of variants) {
  const events = of(name, (round) => round.events);
  process.stdout.write(
    `${name.padEnd(8)} ${events} events  p50 ${of(name, (round) => round.p50).toFixed(2)} ms  p99 ${of(name, (round) => round.p99).toFixed(2)} ms\n`,
  );
}
const added = of('proxied', ({ p99 }) => p99) - of('direct', ({ p99 }) => p99);
const lost = (rounds.get('proxied') ?? []).reduce((sum, round) => sum + round.lost, 0);
const isKept = added <= BUDGET_MS && lost === 0;
process.stdout.write(
  `budget: p99 ≤ ${BUDGET_MS} ms more, none lost: ${added.toFixed(2)} ms, ${lost} lost ${isKept ? 'kept' : 'BROKEN'}\n`,
);
process.exit(isKept ? 0 : 1);

/** Opens every stream, listens for a while, and counts what came and how late. */
async function listenTo(url: string): Promise<Round> {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
  const delays: number[] = [];
  let lost = 0;
  const responses = await Promise.all(Array.from({ length: STREAMS }, () => open(url, agent)));
  let isCounting = false;
  for (const response of responses) {
    let expected: number | undefined;
    response.setEncoding('utf8').on('data', (text: string) => {
      const now = performance.timeOrigin + performance.now();
      for (const [, number, at] of text.matchAll(/"number":(\d+),"at":([\d.]+)/g)) {
        if (expected !== undefined && Number(number) !== expected) lost += 1;
        expected = Number(number) + 1;
        if (isCounting) delays.push(now - Number(at));
      }
    });
  }
  // What is sent while streams are still being opened waits for that.
  await pause(1500);
  isCounting = true;
  await pause(SECONDS * 1000);
  isCounting = false;
  for (const response of responses) response.destroy();
  agent.destroy();
  await pause(500);
  delays.sort((a, b) => a - b);
  const at = (share: number): number => delays[Math.floor(delays.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), events: delays.length, lost };
}

function open(url: string, agent: Agent): Promise<IncomingMessage> {
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      // What is destroyed at the end complains of it.
      response.on('error', () => undefined);
      if (response.statusCode === 200) resolve(response);
      else reject(new Error(`status ${response.statusCode}`));
    }).on('error', reject);
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
