/**
 * `echo` of `server-everything` over stdio, on 16 connections: the bridge with tokens and policies
 * beside `supergateway` and `mcp-proxy` with neither. Budget: ≥ 1.5 × the better one.
 *
 * All connections share one session, so that each bridge has one process to feed: that is what the
 * others are best at. Processor time is that of the bridge alone; the server's own is the same.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { startChild } from '../support/children.ts';
import { cpuSeconds } from '../support/cpu-time.ts';
import { assertAnswered, JSON_HEADERS } from '../support/load.ts';
import { median, runRounds } from '../support/rounds.ts';

const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 16;
const require = createRequire(import.meta.url);
const children: ChildProcess[] = [];

/** The program of a package, run as it is. */
function programOf(name: string, file: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), file);
}

const SERVER = [
  process.execPath,
  programOf('@modelcontextprotocol/server-everything', 'dist/index.js'),
  'stdio',
];

interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly pid: number;
}

async function startOurs(): Promise<Target> {
  const child = await startChild('full-bridge.ts', { COMMAND: JSON.stringify(SERVER) });
  children.push(child.process);
  const { url = '', token = '' } = child.said;
  const authorization = `Bearer ${token}`;
  return begin({ name: 'thv', url, headers: { authorization }, pid: child.process.pid ?? 0 });
}

async function startOther(name: string, file: string, args: (port: number) => readonly string[]) {
  const port = await freePort();
  const child = spawn(process.execPath, [file, ...args(port)], { stdio: 'ignore' });
  children.push(child);
  const url = `http://127.0.0.1:${port}/mcp`;
  return begin({ name, url, headers: {}, pid: child.pid ?? 0 });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Opens the session that all connections use; waits until the bridge listens. */
async function begin(target: Target): Promise<Target> {
  const headers: Record<string, string> = { ...JSON_HEADERS, ...target.headers };
  const post = (message: object) =>
    fetch(target.url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const clientInfo = { name: 'bench', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  for (let tries = 0; ; tries += 1) {
    const response = await post({ id: 0, method: 'initialize', params }).catch(() => undefined);
    const session = response?.headers.get('mcp-session-id');
    await response?.text();
    if (response?.ok === true && session) {
      headers['mcp-session-id'] = session;
      await (await post({ method: 'notifications/initialized' })).text();
      return { ...target, headers };
    }
    if (tries === 100) throw new Error(`${target.name} does not answer`);
    await sleep(200);
  }
}

interface Load {
  readonly throughput: number;
  /** Microseconds of processor time per request. */
  readonly cpu: number;
}

async function load({ url, headers, pid }: Target): Promise<Load> {
  const before = cpuSeconds(pid);
  const result = await autocannon({
    ...{ url, method: 'POST', headers, connections: CONNECTIONS, duration: SECONDS },
    // Ids of one session must differ while requests are under way.
    idReplacement: true,
    body: '{"jsonrpc":"2.0","id":"[<id>]","method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}',
  });
  assertAnswered(result);
  const used = cpuSeconds(pid) - before;
  return {
    throughput: result.requests.average,
    cpu: (used * 1e6) / result.requests.total,
  };
}

try {
  const command = SERVER.map((part) => `"${part}"`).join(' ');
  const targets = [
    await startOurs(),
    await startOther('supergateway', programOf('supergateway', 'dist/index.js'), (port) => [
      ...['--stdio', command, '--outputTransport', 'streamableHttp', '--stateful'],
      ...['--port', String(port), '--logLevel', 'none'],
    ]),
    await startOther('mcp-proxy', programOf('mcp-proxy', 'dist/bin/mcp-proxy.mjs'), (port) => [
      ...['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--', ...SERVER],
    ]),
  ];
  for (const target of targets) await load(target);
  const loads = await runRounds(
    targets.map((target) => ({ name: target.name, run: () => load(target) })),
    ROUNDS,
  );
  const medians = new Map(
    [...loads].map(([name, list]) => {
      const throughput = median(list.map((one) => one.throughput));
      return [name, { throughput, cpu: median(list.map((one) => one.cpu)) }] as const;
    }),
  );
  for (const [name, { throughput, cpu }] of medians) {
    process.stdout.write(
      `${name.padEnd(13)}${throughput.toFixed(0).padStart(7)} requests/s${cpu.toFixed(0).padStart(7)} µs of the bridge per request\n`,
    );
  }
  const of = (name: string): number => medians.get(name)?.throughput ?? Number.NaN;
  const ratio = of('thv') / Math.max(of('supergateway'), of('mcp-proxy'));
  process.stdout.write(
    `budget: ≥ 1.5 × the better one: ${ratio.toFixed(2)} ${ratio >= 1.5 ? 'kept' : 'BROKEN'}\n`,
  );
  process.exitCode = ratio >= 1.5 ? 0 : 1;
} finally {
  for (const child of children) child.kill();
}
