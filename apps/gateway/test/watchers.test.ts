import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGatewayConfig } from '../src/config.ts';
import { createGateway } from '../src/create-gateway.ts';

const BASE = {
  version: 1,
  listen: { host: '127.0.0.1' },
  issuers: [{ issuer: 'https://idp.example.com', audiences: ['mcp'] }],
  servers: {
    weather: { url: 'http://127.0.0.1:9/mcp' },
    files: { url: 'http://127.0.0.1:9/mcp' },
  },
};
const read = (more: unknown) =>
  readGatewayConfig({ ...BASE, ...(more as object) }, { folder: '/etc/thv', env: {} });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thv-gateway-audit-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('audit', () => {
  it('is read as the contract says', () => {
    expect(read({}).audit).toBeUndefined();
    expect(read({ audit: { sink: 'stdout' } }).audit).toEqual({ sink: { kind: 'stdout' } });
    const audit = { sink: 'file:./logs/audit.log', required: true, arguments: 'none' };
    expect(read({ audit }).audit).toEqual({
      sink: { kind: 'file', path: '/etc/thv/logs/audit.log' },
      required: true,
      arguments: 'none',
    });
    expect(read({ audit: { sink: 'file:/var/log/a' } }).audit?.sink).toMatchObject({
      path: '/var/log/a',
    });
  });

  it.each([
    [{ sink: 'stdout', requird: true }, 'audit.requird: unknown key; did you mean "required"?'],
    [{}, 'audit.sink: must be a text'],
    [{ sink: 'syslog' }, 'audit.sink: must be stdout or file:PATH'],
    [{ sink: 'file:' }, 'audit.sink: must be a text'],
    [{ sink: 'stdout', arguments: 'all' }, 'audit.arguments: must be one of names, values, none'],
    [{ sink: 'stdout', required: 'yes' }, 'audit.required: must be true or false'],
  ])('refuses %j', (audit, message) => {
    expect(() => read({ audit })).toThrow(message);
  });

  it('is one log for all servers, each named in its lines', async () => {
    const file = join(folder, 'audit.log');
    const gateway = await createGateway(read({ audit: { sink: `file:${file}` } }), {
      log: () => undefined,
      boundPort: () => 8080,
    });
    const ask = (server: string) =>
      gateway.fetch(
        new Request(`http://127.0.0.1:8080/${server}/mcp`, { method: 'POST', body: '{}' }),
        { peerAddress: '192.0.2.7' },
      );
    const statuses = [(await ask('weather')).status, (await ask('files')).status];
    await gateway.close();
    expect(statuses).toEqual([401, 401]);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const refused = { outcome: 'unauthorized', source: '192.0.2.7' };
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { ...refused, server: 'weather' },
      { ...refused, server: 'files' },
    ]);
  });
});
