/**
 * The full path (RS256 token, 10 policies, JSON upstream) beside a bare pass-through of `node:http` and
 * undici, everything on the same machine. Budget: throughput ≥ 0.70 of it, p99 ≤ 1.6 ×.
 */

import { startChild } from '../support/children.ts';
import { send } from '../support/load.ts';
import { median, runRounds } from '../support/rounds.ts';

const ROUNDS = 15;
const SECONDS = 2;

interface Load {
  readonly throughput: number;
  readonly p99: number;
}

async function load(url: string, token: string): Promise<Load> {
  const { requests, latency } = await send(url, token, { duration: SECONDS });
  return { throughput: requests.average, p99: latency.p99 };
}

const upstream = (await startChild('upstream-server.ts')).said['url'] ?? '';
const bare = (await startChild('bare-proxy.ts', { UPSTREAM: upstream })).said;
const full = (await startChild('full-proxy.ts', { UPSTREAM: upstream })).said;
const token = full['token'] ?? '';
const variants = [
  { name: 'bare', run: () => load(bare['url'] ?? '', token) },
  { name: 'full', run: () => load(full['url'] ?? '', token) },
];
for (const { run } of variants) await run();
const loads = await runRounds(variants, ROUNDS);
const summary = (name: string): Load => {
  const list = loads.get(name) ?? [];
  return {
    throughput: median(list.map((one) => one.throughput)),
    p99: median(list.map((one) => one.p99)),
  };
};
const [base, ours] = [summary('bare'), summary('full')];
const throughput = ours.throughput / base.throughput;
const p99 = ours.p99 / base.p99;
process.stdout.write(
  `bare  ${base.throughput.toFixed(0).padStart(7)} requests/s  p99 ${base.p99.toFixed(1)} ms\n`,
);
process.stdout.write(
  `full  ${ours.throughput.toFixed(0).padStart(7)} requests/s  p99 ${ours.p99.toFixed(1)} ms\n`,
);
process.stdout.write(
  `budget: throughput ≥ 0.70 ×: ${throughput.toFixed(2)} ${throughput >= 0.7 ? 'kept' : 'BROKEN'}; `,
);
process.stdout.write(`p99 ≤ 1.6 ×: ${p99.toFixed(2)} ${p99 <= 1.6 ? 'kept' : 'BROKEN'}\n`);
process.exit(throughput >= 0.7 && p99 <= 1.6 ? 0 : 1);
