import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import {
  askWorkload,
  type ControlServerOptions,
  openControlServer,
} from '../src/workloads/control-channel.ts';
import type { WorkloadProcess } from '../src/workloads/workload-record.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const closes: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closes.splice(0)) await close();
});

const REPORT = { status: 'running', detail: null, health: 'ok', restarts: 0 } as const;

async function open(more: Partial<ControlServerOptions> = {}) {
  const path = join(folder.path, `${crypto.randomUUID().slice(0, 8)}.sock`);
  const server = await openControlServer('weather', {
    ...{ path, token: 'the-token', mark: 'the-mark' },
    ...{ status: async () => REPORT, stop: () => undefined, values: () => [['env', 'A=1']] },
    ...more,
  });
  closes.push(() => server.close());
  return asked(path);
}

function asked(socket: string): WorkloadProcess {
  return {
    ...{ socket, token: 'the-token', mark: 'the-mark', startedAt: '2026-01-01T00:00:00Z' },
    ...{ pid: 2, start: '1', boot: '', url: undefined },
  };
}

describe('a workload', () => {
  it('answers who knows its token', async () => {
    const workload = await open();
    expect(await askWorkload(workload, 'status')).toEqual({ mark: 'the-mark', ...REPORT });
    expect(await askWorkload(workload, 'values')).toMatchObject({ values: [['env', 'A=1']] });
  });

  it.each([
    ['another token', JSON.stringify({ token: 'the-tokem', command: 'values' })],
    ['no token', JSON.stringify({ command: 'stop' })],
    ['no JSON', 'stop'],
    ['an unknown command', JSON.stringify({ token: 'the-token', command: 'values2' })],
  ])('says and does nothing for %s', async (_name, line) => {
    let stopped = false;
    const workload = await open({
      stop: () => {
        stopped = true;
      },
    });
    const socket = connect(workload.socket);
    // The other end may hang up while this is written.
    socket.on('error', () => undefined);
    socket.write(`${line}\n`);
    expect(await text(socket).catch(() => '')).toBe('');
    expect(stopped).toBe(false);
  });

  it('does not read a line without end', async () => {
    const socket = connect((await open()).socket);
    socket.on('error', () => undefined);
    socket.write('x'.repeat(100_000));
    expect(await text(socket).catch(() => '')).toBe('');
  });

  it('is not taken for one that answers with another mark', async () => {
    const workload = await open({ mark: 'of-somebody-else' });
    expect(await askWorkload(workload, 'status')).toBeUndefined();
  });

  it('stops when it is told to', async () => {
    const stopped = Promise.withResolvers<void>();
    const workload = await open({ stop: stopped.resolve });
    expect(await askWorkload(workload, 'stop')).toEqual({ mark: 'the-mark' });
    await stopped.promise;
  });

  it('that is gone does not answer', async () => {
    expect(await askWorkload(asked(join(folder.path, 'none.sock')), 'status')).toBeUndefined();
  });

  it('takes the place of a file that nobody listens on, and of nobody who does', async () => {
    const path = join(folder.path, 'left.sock');
    writeFileSync(path, '');
    const workload = await open({ path });
    expect(await askWorkload({ ...workload, socket: path }, 'status')).toBeDefined();
    await expect(open({ path })).rejects.toThrow('weather: a proxy of this name still runs');
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(`${path}2`, resolve));
    closes.push(() => new Promise((resolve) => stranger.close(resolve)));
    await expect(open({ path: `${path}2` })).rejects.toThrow('still runs');
  });
});
