/** Policies follow their files, and a bad file changes nothing (D32). */

import { execFileSync } from 'node:child_process';
import { utimesSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogEvent } from '../src/config.ts';
import { loadPolicies, type Policies } from '../src/policies.ts';

const permit = (tool: string) =>
  `permit(principal, action == Action::"call_tool", resource == Tool::"${tool}");`;
const config = (options: object) =>
  JSON.stringify({ version: '1.0', type: 'cedarv1', cedar: options });
const identity = {
  issuer: 'i',
  subject: 's',
  claims: { sub: 's' },
  scopes: [],
  expiresAt: undefined,
  token: '',
  actors: [],
} as never;

let folder: string;
let file: string;
let policies: Policies;
let events: LogEvent[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thv-policies-'));
  file = join(folder, 'authz.json');
  events = [];
});
afterEach(async () => {
  policies.close();
  await rm(folder, { recursive: true });
});

const load = async () => {
  policies = await loadPolicies({
    file,
    serverName: 's',
    log: (event) => events.push(event),
    interval: 5,
  });
};
const allows = async (target: string) =>
  (await policies.engine.authorize({ identity, action: 'call_tool', target })).allowed;
const until = (check: () => Promise<void> | void) =>
  vi.waitFor(check, { timeout: 5000, interval: 5 });

describe('policies', () => {
  it('are replaced when their file changes', async () => {
    await writeFile(file, config({ policies: [permit('a')] }));
    await load();
    expect([await allows('a'), await allows('b')]).toEqual([true, false]);
    await writeFile(file, config({ policies: [permit('b'), permit('bb')] }));
    await until(async () => expect([await allows('a'), await allows('b')]).toEqual([false, true]));
  });

  it('are replaced by others of the same length and date, as archives without dates bring them', async () => {
    // At once, so that nobody looks in between.
    const bring = (tool: string): void => {
      writeFileSync(file, config({ policies: [permit(tool)] }));
      utimesSync(file, 0, 0);
    };
    bring('a');
    await load();
    bring('b');
    await until(async () => expect([await allows('a'), await allows('b')]).toEqual([false, true]));
  });

  it('stay as they were while the file is wrong or gone, and say so', async () => {
    await writeFile(file, config({ policies: [permit('a')] }));
    await load();
    await writeFile(file, '{ nonsense');
    await until(() => expect(policies.degraded()).toBe(true));
    expect(await allows('a')).toBe(true);
    expect(events.at(-1)).toMatchObject({
      level: 'error',
      message: expect.stringContaining('the last good ones stay'),
    });
    await rm(file);
    await until(() => expect(events.length).toBeGreaterThan(1));
    expect(await allows('a')).toBe(true);
    await writeFile(file, config({ policies: [permit('c')] }));
    await until(async () => expect(await allows('c')).toBe(true));
    await until(() => expect(policies.degraded()).toBe(false));
  });

  it('follow policy files, also new ones', async () => {
    await writeFile(join(folder, 'one.cedar'), permit('a'));
    await writeFile(file, config({ policy_files: ['*.cedar'] }));
    await load();
    expect(await allows('b')).toBe(false);
    await writeFile(join(folder, 'two.cedar'), permit('b'));
    await until(async () => expect(await allows('b')).toBe(true));
    await rm(join(folder, 'two.cedar'));
    await until(async () => expect(await allows('b')).toBe(false));
  });
});

describe('a decision point', () => {
  let points: readonly {
    readonly url: string;
    readonly asked: string[];
    readonly server: Server;
  }[];

  beforeEach(async () => {
    points = await Promise.all(['one', 'two'].map(startPoint));
  });
  afterEach(() => {
    for (const { server } of points) server.close();
  });

  const startPoint = async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization ?? 'nothing');
      response.setHeader('connection', 'close').end('{"allow":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
  };
  const ask = (point: number, token: string) =>
    JSON.stringify({
      version: '1.0',
      type: 'httpv1',
      pdp: {
        http: { url: points[point]?.url, bearer_token_file: token },
        claim_mapping: 'standard',
      },
    });

  it('gets the token of its file, as it is at the time, and that of no other', async () => {
    await mkdir(join(folder, 'tokens'));
    await writeFile(join(folder, 'tokens/one'), 'first\n');
    await writeFile(join(folder, 'tokens/two'), 'second\n');
    await writeFile(file, ask(0, 'tokens/one'));
    await load();
    expect(await allows('a')).toBe(true);
    await writeFile(join(folder, 'tokens/one'), 'third\n');
    expect(await allows('a')).toBe(true);
    expect(points[0]?.asked).toEqual(['Bearer first', 'Bearer third']);
    await writeFile(file, ask(1, 'tokens/two'));
    await until(() => expect(events.at(-1)?.message).toBe('policies were reloaded'));
    expect(await allows('a')).toBe(true);
    expect(points[1]?.asked).toEqual(['Bearer second']);
  });

  it('without its token is not begun with, and not changed to', async () => {
    await writeFile(file, config({ policies: [permit('a')] }));
    await load();
    await writeFile(file, ask(0, 'none'));
    await until(() => expect(policies.degraded()).toBe(true));
    expect([await allows('a'), await allows('b')]).toEqual([true, false]);
    await expect(load()).rejects.toThrow('bearer token file cannot be read');
    expect(points[0]?.asked).toEqual([]);
  });

  it('that come through a pipe could not be followed, and are refused', async () => {
    await writeFile(file, config({ policies: [permit('a')] }));
    await load();
    await rm(file);
    execFileSync('mkfifo', [file]);
    await vi.waitFor(() => expect(policies.degraded()).toBe(true));
    expect(await allows('a')).toBe(true);
    const again = loadPolicies({ file, serverName: 's', log: () => undefined });
    await expect(again).rejects.toThrow('it is a pipe');
  });
});
