/**
 * Many users for a long time, while servers die and come back: `pnpm soak [SECONDS]`.
 *
 * 200 clients call through a gateway, 1,000 streams are open, and every few seconds the stdio server is
 * killed or the HTTP server restarted. No answer may be lost or go to somebody else; what is held at the
 * end must be what was held at the beginning. Linux only: processes are looked at through /proc.
 */

import { createServer } from 'node:net';
import { Agent } from 'undici';
import { SoakClient } from './client.ts';
import type { Holdings } from './probe.ts';
import { childrenOf, type Stage, startStage } from './stage.ts';
import { createTally, FATAL } from './tally.ts';

const SECONDS = Number(process.argv[2] ?? 600);
const CALLERS = 200;
const STREAMS = 1000;
/** Milliseconds between two faults. */
const FAULT_EVERY = 7_000;
/** One fault of so many kills the stdio server: more often, and the gateway would give it up. */
const KILL_EVERY = 7;
/** Heap at the end, of what it was after the first tenth. */
const HEAP_LIMIT = 1.1;

const stage = await startStage(await freePort());
const tally = createTally();
// The soak itself is as busy as the gateway: only what is late by a minute counts as lost.
const connect = { timeout: 60_000 };
const calls = new Agent({ connections: 128, connect });
const streams = new Agent({ connections: null, connect, headersTimeout: 0, bodyTimeout: 0 });
const before = await stage.holdings();
const leaving = new AbortController();
let over = false;
let faults = 0;

const clients = await Promise.all(
  Array.from({ length: STREAMS }, async (_, index) => {
    // Every caller is somebody else; those who only listen share fifty names.
    const sub = `user${index < CALLERS ? index : CALLERS + (index % 50)}`;
    const server = index % 2 === 0 ? 'web' : 'local';
    return new SoakClient({
      url: stage.urlOf(server),
      token: await stage.idp.issueToken({ claims: { sub, aud: 'soak' }, expiresIn: SECONDS + 600 }),
      name: `c${index}`,
      tally,
      calls,
      streams,
      isOver: () => over,
    });
  }),
);

say(`${CALLERS} callers, ${STREAMS} streams, ${SECONDS} s`);
const running = [
  ...clients.slice(0, CALLERS).map((client) => client.call()),
  ...clients.map((client) => client.listen(leaving.signal)),
];
while (tally.of('opened') < STREAMS) await pause(1000);
say(`all streams are open: ${tally.text}`);
const warm = await spend((SECONDS * 1000) / 10);
await spend((SECONDS * 1000 * 9) / 10);
// The last fault has to be over before anything is counted.
await pause(8_000);
const last = await stage.holdings();
over = true;
leaving.abort();
await Promise.all(running);
await calls.destroy();
await streams.destroy();
const after = await settle(stage, before);
const pid = stage.gateway.pid ?? 0;
const orphans = await childrenOf(pid);
const code = await stage.stop();
const left = orphans.filter((orphan) => isAlive(orphan));

say(tally.text);
for (const complaint of tally.complaints) say(`  ${complaint}`);
const heap = last.heap / warm.heap;
const verdicts = [
  [
    `answers lost, misdelivered or wrong: ${FATAL.map((kind) => tally.of(kind)).join(', ')}`,
    FATAL.every((kind) => tally.of(kind) === 0),
  ],
  [`answers: ${tally.of('ok')}, faults: ${faults}`, tally.of('ok') > SECONDS * 50],
  [
    `heap after collection, end of first tenth → end: ${mib(warm.heap)} → ${mib(last.heap)} MiB (${heap.toFixed(2)} ×, at most ${HEAP_LIMIT})`,
    heap <= HEAP_LIMIT,
  ],
  [
    `sockets before → after everybody left: ${sockets(before)} → ${sockets(after)}`,
    sockets(after) <= sockets(before) + 4,
  ],
  [
    `timers before → after: ${timers(before)} → ${timers(after)}`,
    timers(after) <= timers(before) + 4,
  ],
  [`exit code ${code}, processes left ${left.length}`, code === 0 && left.length === 0],
] as const;
for (const [text, isGood] of verdicts) say(`${isGood ? 'ok    ' : 'BROKEN'} ${text}`);
process.exit(verdicts.every(([, isGood]) => isGood) ? 0 : 1);

/** Lets everything run for a while, with faults; gives what the gateway holds then. */
async function spend(milliseconds: number): Promise<Holdings> {
  const until = Date.now() + milliseconds;
  while (Date.now() + FAULT_EVERY < until) {
    await pause(FAULT_EVERY);
    faults += 1;
    await (faults % KILL_EVERY === 0 ? stage.killChild() : stage.restartServer());
  }
  await pause(Math.max(0, until - Date.now()));
  const holdings = await stage.holdings();
  say(`${tally.text}; heap ${mib(holdings.heap)} MiB, rss ${mib(holdings.rss)} MiB`);
  return holdings;
}

/** Connections end a moment after their clients. */
async function settle(from: Stage, wanted: Holdings): Promise<Holdings> {
  let now = await from.holdings();
  for (let tries = 0; tries < 60 && sockets(now) > sockets(wanted) + 4; tries += 1) {
    await pause(500);
    now = await from.holdings();
  }
  return now;
}

function sockets({ resources }: Holdings): number {
  return resources['TCPSocketWrap'] ?? 0;
}

function timers({ resources }: Holdings): number {
  return resources['Timeout'] ?? 0;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process.
    return false;
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return address !== null && typeof address === 'object' ? address.port : 0;
}
