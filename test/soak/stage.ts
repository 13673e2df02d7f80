/** Everything that runs: a provider, a server that is restarted, and the gateway in front of both. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type DevIdp, startDevIdp } from '@thv/cli/dev-idp';
import type { Holdings } from './probe.ts';

const here = import.meta.dirname;

export interface Stage {
  readonly idp: DevIdp;
  readonly urlOf: (server: 'web' | 'local') => string;
  readonly gateway: ChildProcess;
  /** Kills the HTTP server and starts it again on its port. */
  restartServer(): Promise<void>;
  /** Kills the stdio server; the gateway has to start another one. */
  killChild(): Promise<void>;
  holdings(): Promise<Holdings>;
  /** Ends the gateway in order, and gives its exit code. */
  stop(): Promise<number | null>;
}

export async function startStage(webPort: number): Promise<Stage> {
  const idp = await startDevIdp();
  let web = await startServer(webPort);
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  const policies = join(folder, 'authz.yaml');
  const config = join(folder, 'gateway.yaml');
  await writeFile(
    policies,
    'version: "1.0"\ntype: cedarv1\ncedar:\n  policies:\n' +
      `    - permit(principal, action == Action::"call_tool", resource == Tool::"echo");\n`,
  );
  const command = JSON.stringify([process.execPath, join(here, 'stdio-server.ts')]);
  await writeFile(
    config,
    `version: 1\nlisten: { host: 127.0.0.1, port: 0 }\n` +
      `issuers:\n  - { name: dev, issuer: "${idp.issuer}", audiences: [soak] }\n` +
      `authorization: { config: ${JSON.stringify(policies)} }\n` +
      `servers:\n  web: { url: "http://127.0.0.1:${webPort}/mcp" }\n  local: { command: ${command} }\n`,
  );
  const gateway = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--import',
      join(here, 'probe.ts'),
      join(here, '../../apps/gateway/dist/main.js'),
      '--config',
      config,
    ],
    { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] },
  );
  // However this process ends, nothing of it goes on.
  process.once('exit', () => {
    gateway.kill('SIGKILL');
    web.kill('SIGKILL');
  });
  const told = createInterface({ input: gateway.stdio[3] as Readable }); // A pipe that is read.
  const [line] = await once(createInterface({ input: gateway.stdout! }), 'line'); // A pipe as well.
  const origin = `http://${/listening on (\S+)/.exec(String(line))?.[1]}`;
  return {
    idp,
    urlOf: (server) => `${origin}/${server}/mcp`,
    gateway,
    async restartServer() {
      await kill(web);
      await new Promise((done) => setTimeout(done, 500 + Math.random() * 1500));
      web = await startServer(webPort);
    },
    async killChild() {
      for (const pid of await childrenOf(gateway.pid ?? 0)) process.kill(pid, 'SIGKILL');
    },
    async holdings() {
      const said = once(told, 'line');
      gateway.kill('SIGUSR2');
      const [text] = await said;
      return JSON.parse(String(text)) as Holdings; // The probe's own words.
    },
    async stop() {
      const ended = once(gateway, 'exit');
      gateway.kill('SIGTERM');
      const [code] = await ended;
      await kill(web);
      await idp.close();
      await rm(folder, { recursive: true });
      return code as number | null;
    },
  };
}

async function startServer(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(here, 'http-server.ts')], {
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data'); // A pipe.
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  if (child.exitCode !== null || !child.kill('SIGKILL')) return;
  await ended;
}

/** Processes that this one has started and that still run. */
export async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // A process may end while it is looked at.
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(parent) === pid && state !== 'Z') found.push(Number(entry));
  }
  return found;
}
