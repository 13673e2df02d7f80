import { describe, expect, it } from 'vitest';
import { isProxyError } from '../../src/errors.ts';
import { createStdioUpstream } from '../../src/node/stdio-upstream.ts';
import {
  allEvents,
  BOTH,
  beginSession,
  contextOf,
  deed,
  isAlive,
  journalOf,
  jsonOf,
  message,
  startRig,
  until,
} from './stdio-harness.ts';

const soon = (): AbortSignal => AbortSignal.timeout(5000);
const FAST = { initialDelay: 20, maxDelay: 50, maxAttempts: 10, stableAfter: 30_000 };

async function failureOf(promise: Promise<void>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isProxyError(error)).toBe(true);
  expect(error).toMatchObject({ code: 'ERR_PROXY_UPSTREAM_UNREACHABLE' });
  return error as Error; // The guard above has just said so.
}

describe('createStdioUpstream', () => {
  const options = { command: 'x', args: [], env: {}, log: () => undefined };

  it.each([
    ['command', { command: '' }],
    ['requestTimeout', { requestTimeout: -1 }],
    ['requestTimeout', { requestTimeout: 2 ** 31 }],
    ['initialDelay', { restart: { initialDelay: Number.NaN } }],
    ['isolation', { isolation: 'none' as 'shared' }],
  ])('refuses a bad "%s" at once', (name, bad) => {
    expect(() => createStdioUpstream({ ...options, ...bad })).toThrow(TypeError);
    expect(() => createStdioUpstream({ ...options, ...bad })).toThrow(`"${name}" option`);
  });
});

describe('ready', () => {
  it('starts the process with exactly the given environment and no shell', async () => {
    const { upstream, stderr } = startRig([], {
      command: process.execPath,
      args: [
        '-e',
        'console.error(JSON.stringify([process.env, process.argv.slice(1)]))',
        '$HOME; ls',
      ],
      env: { ONLY: 'this' },
    });
    await failureOf(upstream.ready(soon()));
    expect(JSON.parse(stderr[0] ?? '')).toEqual([{ ONLY: 'this' }, ['$HOME; ls']]);
  });

  it.each(['shared', 'session'] as const)(
    'names a command that is not there (%s)',
    async (isolation) => {
      const { upstream } = startRig([], { command: 'no-such-command-here', isolation });
      const { message: text } = await failureOf(upstream.ready(soon()));
      expect(text).toBe('cannot start "no-such-command-here": command not found (ENOENT)');
    },
  );

  it.each(['shared', 'session'] as const)('names the exit code (%s)', async (isolation) => {
    const { upstream, events } = startRig(['--exit', '3'], { isolation });
    const { message: text } = await failureOf(upstream.ready(soon()));
    expect(text).toBe(`"${process.execPath}" exited with code 3 before answering initialize`);
    expect(events).toContainEqual({
      type: 'process-failed',
      reason: text,
      stderr: ['this is why'],
    });
  });

  it('rejects when the server refuses to be initialised, or is too slow', async () => {
    const refusing = startRig(['--refuse']);
    expect((await failureOf(refusing.upstream.ready(soon()))).message).toContain(
      'refused initialize',
    );
    const slow = startRig([], { args: ['-e', 'setInterval(() => {}, 1000)'], startTimeout: 100 });
    expect((await failureOf(slow.upstream.ready(soon()))).message).toContain('in time');
  });

  it('stops waiting when its signal is aborted', async () => {
    const { upstream } = startRig([], { args: ['-e', 'setInterval(() => {}, 1000)'] });
    await expect(upstream.ready(AbortSignal.timeout(50))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('starts a single process however many ask', async () => {
    const { upstream, events } = startRig();
    await Promise.all([
      upstream.ready(soon()),
      upstream.ready(soon()),
      upstream.handle(deed('echo'), contextOf()),
    ]);
    expect(events.filter(({ type }) => type === 'process-started')).toHaveLength(1);
  });
});

describe('a crash', () => {
  it('fails what is in flight, restarts, and leaves sessions as they were', async () => {
    const { upstream, events } = startRig([], { restart: FAST });
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId, accept: BOTH });
    const stream = await upstream.stream(context);
    const level = message(
      '{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"notice"}}',
    );
    expect((await jsonOf(await upstream.handle(level, context))).result).toEqual({});
    const uri = 'file:///a';
    const subscribe = message(
      `{"jsonrpc":"2.0","id":2,"method":"resources/subscribe","params":{"uri":"${uri}"}}`,
    );
    expect((await jsonOf(await upstream.handle(subscribe, context))).result).toEqual({});

    const hanging = upstream.handle(deed('hang', {}, { id: '"h"' }), context);
    const crashing = upstream.handle(deed('crash', { code: 7 }, { id: '"c"' }), contextOf());
    for (const [id, response] of [
      ['h', await hanging],
      ['c', await crashing],
    ] as const) {
      expect(response.status).toBe(502);
      expect(await jsonOf(response)).toEqual({
        jsonrpc: '2.0',
        id,
        error: { code: -32603, message: 'Upstream unavailable' },
      });
    }
    expect(events).toContainEqual({
      type: 'process-exited',
      reason: `"${process.execPath}" exited with code 7`,
      stderr: ['about to crash'],
    });

    const down = await upstream.handle(deed('echo', {}, { id: '"d"' }), context);
    expect(down.status).toBe(503);
    expect(Number(down.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await jsonOf(down)).toMatchObject({ id: 'd', error: { code: -32603 } });

    await until(async () => (await upstream.handle(deed('echo'), context)).status === 200);
    const journal = await journalOf(upstream, { sessionId });
    expect(journal).toContainEqual({ method: 'logging/setLevel', params: { level: 'notice' } });
    expect(journal).toContainEqual({ method: 'resources/subscribe', params: { uri } });
    const updated = `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"${uri}"}}`;
    await upstream.handle(deed('emit', { lines: [updated] }), contextOf());
    await upstream.endSession(context);
    expect(await allEvents(stream)).toEqual([updated]);
  });

  it('is followed by ever longer waits, and by giving up', async () => {
    const { upstream, events } = startRig(['--exit', '1'], {
      restart: { initialDelay: 10, maxDelay: 30, maxAttempts: 4 },
    });
    await failureOf(upstream.ready(soon()));
    await until(() => events.some(({ type }) => type === 'restart-abandoned'));
    const delays = events.flatMap((event) =>
      event.type === 'restart-scheduled' ? [event.delay] : [],
    );
    expect(delays).toEqual([10, 20, 30, 30]);
    const response = await upstream.handle(deed('echo'), contextOf());
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
    await failureOf(upstream.ready(soon()));
  });

  it('of a process that had run well is followed by a restart at once', async () => {
    const { upstream, events } = startRig([], {
      restart: { ...FAST, maxAttempts: 2, stableAfter: 0 },
    });
    for (const round of [1, 2, 3]) {
      expect((await upstream.handle(deed('crash'), contextOf())).status).toBe(502);
      await until(async () => (await upstream.handle(deed('echo'), contextOf())).status === 200);
      expect(events.filter(({ type }) => type === 'restart-scheduled')).toHaveLength(round);
    }
    expect(events).not.toContainEqual(expect.objectContaining({ delay: 20 }));
  });

  it('includes a process that lives on without its output', async () => {
    const { upstream } = startRig([], { restart: FAST });
    const response = await upstream.handle(deed('mute'), contextOf());
    expect(response.status).toBe(502);
    await until(async () => (await upstream.handle(deed('echo'), contextOf())).status === 200);
  });
});

describe('a process that does not read', () => {
  it('is sent no more than fits the queue: 503', async () => {
    const { upstream } = startRig([], { maxQueuedBytes: 200_000, requestTimeout: 5000 });
    void upstream.handle(deed('deaf', { ms: 400 }), contextOf());
    await upstream.ready(soon());
    const pad = 'x'.repeat(100_000);
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, id) =>
        upstream.handle(deed('echo', { pad }, { id: String(id) }), contextOf()),
      ),
    );
    const busy = responses.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(10);
    expect(busy[0]?.headers.get('retry-after')).toBe('1');
    expect((await jsonOf(busy[0] as Response)).error).toEqual({
      code: -32000,
      message: 'Upstream busy',
    });
    const served = responses.filter(({ status }) => status === 200);
    expect(served.length).toBe(20 - busy.length);
    expect(served.length).toBeGreaterThan(1);
  });
});

describe('close', () => {
  it('answers what is in flight, ends streams and stops the whole process tree', async () => {
    const { upstream } = startRig();
    const sessionId = await beginSession(upstream);
    const context = contextOf({ sessionId, accept: BOTH });
    const stream = await upstream.stream(context);
    const { result } = await jsonOf(await upstream.handle(deed('child'), context));
    expect([isAlive(result.pid), isAlive(result.child)]).toEqual([true, true]);
    const inSession = upstream.handle(deed('hang'), context);
    const alone = upstream.handle(deed('hang'), contextOf());
    await until(async () => (await journalOf(upstream)).length > 4);
    await upstream.close();
    expect([isAlive(result.pid), isAlive(result.child)]).toEqual([false, false]);
    expect([(await inSession).status, (await alone).status]).toEqual([503, 503]);
    expect(await allEvents(stream)).toEqual([]);
    expect((await upstream.handle(deed('echo'), contextOf())).status).toBe(503);
    await failureOf(upstream.ready(soon()));
  });

  it('kills a process that ignores the end of its input and SIGTERM', async () => {
    const { upstream } = startRig(['--stubborn'], { stopTimeout: 100 });
    const { result } = await jsonOf(await upstream.handle(deed('echo'), contextOf()));
    await upstream.close();
    expect(isAlive(result.pid)).toBe(false);
  });

  it('leaves no handle behind', async () => {
    const { upstream } = startRig([], { restart: FAST });
    const sessionId = await beginSession(upstream);
    await upstream.stream(contextOf({ sessionId, accept: BOTH }));
    await upstream.handle(deed('crash'), contextOf());
    await upstream.close();
    await until(() => !process.getActiveResourcesInfo().includes('ProcessWrap'));
  });

  it('is fine before anything has started, during the start, and twice', async () => {
    await startRig().upstream.close();
    const { upstream } = startRig();
    const starting = failureOf(upstream.ready(soon()));
    await Promise.all([upstream.close(), upstream.close()]);
    await starting;
  });
});
