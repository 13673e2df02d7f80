/**
 * The full path (RS256 token, 10 policies, JSON upstream) beside a bare pass-through of `node:http` and
 * undici, everything on the same machine. Budget: throughput ≥ 0.70 of it, p99 ≤ 1.6 ×.
 */

import autocannon from 'autocannon';
import { BODY, headersWith } from '../support/call.ts';
import { startChild } from '../support/children.ts';
import { median } from '../support/rounds.ts';

const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 32;

interface Load {
  readonly throughput: number;
  readonly p99: number;
}

async function load(url: string, token: string): Promise<Load> {
  const result = await autocannon({
    url,
    method: 'POST',
    connections: CONNECTIONS,
    duration: SECONDS,
    headers: headersWith(token),
    body: BODY,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refusals, ${result.errors} errors`);
  return { throughput: result.requests.average, p99: result.latency.p99 };
}

const upstream = (await startChild('upstream-server.ts')).said['url'] ?? '';
const bare = (await startChild('bare-proxy.ts', { UPSTREAM: upstream })).said;
const full = (await startChild('full-proxy.ts', { UPSTREAM: upstream })).said;
const token = full['token'] ?? '';
const variants = [
  { name: 'bare', url: bare['url'] ?? '' },
  { name: 'full', url: full['url'] ?? '' },
];
for (const { url } of variants) await load(url, token);
const loads = new Map<string, Load[]>(variants.map(({ name }) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  const order = round % 2 === 0 ? variants : [...variants].reverse();
  for (const { name, url } of order) loads.get(name)?.push(await load(url, token));
}
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
