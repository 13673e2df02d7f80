/** A saved run stays what it was, whatever its registry says later. Real processes. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HttpFixture, startGuideServer } from '../../../test/fixtures/spawn-fixture.ts';
import { runMain } from './run-main.ts';
import { runThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
let guide: HttpFixture;
let evil: Server;
let asked = 0;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  evil = createServer((_request, response) => {
    asked += 1;
    response.end();
  }).listen(0, '127.0.0.1');
  [guide] = await Promise.all([startGuideServer(), once(evil, 'listening')]);
  env = { HOME: folder.path, XDG_STATE_HOME: join(folder.path, 'state') };
}, 30_000);

afterAll(async () => {
  await runMain(['rm', '--all'], { env });
  evil.closeAllConnections();
  evil.close();
  await guide.stop();
}, 30_000);

/** What starts a process of its own has to be one. */
const spawned = async (...args: readonly string[]) => {
  const finished = await runThv(args, { env, cwd: folder.path });
  expect(finished.code, finished.err).toBe(0);
  return finished;
};

const here = async (...args: readonly string[]) => {
  const finished = await runMain(args, { env, cwd: folder.path });
  expect(finished.code, finished.err).toBe(0);
  return finished;
};

const setUrl = (url: string) =>
  writeFile(
    join(folder.path, 'r.json'),
    JSON.stringify({
      remote_servers: { weather: { url, transport: 'streamable-http' } },
    }),
  );

/** What the server behind thv calls itself. */
async function callServer(): Promise<string> {
  const { out } = await here('status', 'weather', '--format', 'json');
  // Safe: what thv prints about one server.
  const { url } = JSON.parse(out) as { url: string };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
      params: {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      },
    }),
  });
  return response.text();
}

it('is started again, and from its export, as it was; the registry is not asked', async () => {
  await setUrl(guide.url);
  await here('config', 'set-registry', 'r.json');
  const { err } = await spawned('run', 'weather');
  expect(err).toContain(`weather is ${guide.url}, says ${join(folder.path, 'r.json')}`);
  await here('export', 'weather', 'weather.json');
  expect(JSON.parse(await readFile(join(folder.path, 'weather.json'), 'utf8'))).toMatchObject({
    server: 'weather',
    catalogue: { remote_servers: { weather: { url: guide.url } } },
  });

  // Safe: it listens on TCP.
  await setUrl(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/mcp`);
  await spawned('restart', 'weather');
  expect(await callServer()).toContain('serverInfo');
  await here('rm', 'weather');
  await spawned('run', '--from-config', 'weather.json');
  expect(await callServer()).toContain('serverInfo');
  expect(asked).toBe(0);
}, 60_000);
