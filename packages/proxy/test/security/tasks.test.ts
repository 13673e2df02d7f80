/** Ways to somebody else's task (D7): only the identity that created a task may use it. */

import { describe, expect, it } from 'vitest';
import type { McpMessage } from '../../src/index.ts';
import { createTaskBook } from '../../src/session/task-book.ts';
import { fakeUpstream, harness, jsonResult, W } from '../support/fakes.ts';

const META_26 = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
};
const headers26 = (method: string, name?: string): Record<string, string> => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...(name !== undefined && { 'mcp-name': name }),
});
const sse = { 'content-type': 'text/event-stream' };
const TASK = { taskId: 't-1', status: 'working' };
const tasks = [TASK, { taskId: 't-2' }, { taskId: 5 }, 'x'];

function answer(message: McpMessage | undefined): Response {
  const id = message?.id?.text ?? 'null';
  switch (message?.method) {
    case 'tools/call':
      return message.era === '2026'
        ? jsonResult(id, { resultType: 'task', ...TASK })
        : jsonResult(id, { task: TASK });
    case 'tasks/list':
      return jsonResult(id, { tasks, nextCursor: 'c' });
    default:
      return jsonResult(id, { secret: true });
  }
}
const start = () => harness({ authorize: W, upstream: fakeUpstream(answer) });
const as = (user: string): Record<string, string> => ({ authorization: `Bearer ${user}` });
const begin = { name: 'weather', task: { ttl: 1000 } };

describe.each(['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/update'])('%s', (method) => {
  it('is for whoever created the task, and for nobody else', async () => {
    const { call, upstream } = start();
    expect((await call(method, { taskId: 't-1' })).status).toBe(403);
    expect((await call('tools/call', begin)).status).toBe(200);
    expect((await call(method, { taskId: 't-1' })).status).toBe(200);
    const before = upstream.forwarded.length;
    expect((await call(method, { taskId: 't-1' }, as('eve'))).status).toBe(403);
    expect((await call(method, { taskId: 't-2' })).status).toBe(403);
    expect(upstream.forwarded).toHaveLength(before);
  });

  it.each([
    ['no task', {}],
    ['a number', { taskId: 1 }],
    ['a list', { taskId: ['t-1'] }],
    ['another case', { taskId: 't-1', TaskId: 't-2' }],
    ['a long s', { ta\u017fkId: 't-2', taskId: 't-1' }],
  ])('needs one readable task: %s', async (_name, params) => {
    const { call, upstream } = start();
    await call('tools/call', begin);
    expect((await call(method, params)).status).toBe(400);
    expect(upstream.forwarded).toHaveLength(1);
  });
});

describe('a task', () => {
  it('is not taken over when the server names it twice', async () => {
    const { call } = start();
    await call('tools/call', begin);
    await call('tools/call', begin, as('eve'));
    expect((await call('tasks/get', { taskId: 't-1' }, as('eve'))).status).toBe(403);
    expect((await call('tasks/get', { taskId: 't-1' })).status).toBe(200);
  });

  it('is not begun by a call that did not ask for one, nor by another method', async () => {
    const { call } = start();
    await call('tools/call', { name: 'weather' });
    await call('ping', { task: {} });
    expect((await call('tasks/get', { taskId: 't-1' })).status).toBe(403);
  });

  it('is not begun by a call that was denied', async () => {
    const { call, upstream } = start();
    expect((await call('tools/call', { name: 'rm', task: {} })).status).toBe(403);
    expect(upstream.forwarded).toHaveLength(0);
    expect((await call('tasks/get', { taskId: 't-1' })).status).toBe(403);
  });

  it('cannot be made of a list, to get it unfiltered later', async () => {
    const upstream = fakeUpstream((message) =>
      jsonResult(message?.id?.text ?? 'null', { task: TASK }),
    );
    const { call } = harness({ authorize: W, upstream });
    expect(await (await call('tools/list', { task: {} })).text()).not.toContain('t-1');
    expect((await call('tasks/result', { taskId: 't-1' })).status).toBe(403);
  });

  it('is known as well when it is begun on a stream', async () => {
    const upstream = fakeUpstream((message) =>
      message?.method === 'tools/call'
        ? new Response(
            `data: {"jsonrpc":"2.0","id":${message.id!.text},"result":{"task":{"taskId":"t-1"}}}\n\n`,
            { headers: sse },
          )
        : answer(message),
    );
    const { call } = harness({ authorize: W, upstream });
    await (await call('tools/call', begin)).text();
    expect((await call('tasks/get', { taskId: 't-1' })).status).toBe(200);
    expect((await call('tasks/get', { taskId: 't-1' }, as('eve'))).status).toBe(403);
  });

  it('of the 2026 era is kept to its creator as well', async () => {
    const { call } = start();
    const get = (user: string) =>
      call(
        'tasks/get',
        { taskId: 't-1', _meta: META_26 },
        { ...headers26('tasks/get'), ...as(user) },
      );
    expect((await get('u')).status).toBe(403);
    const params = { name: 'weather', _meta: META_26 };
    expect((await call('tools/call', params, headers26('tools/call', 'weather'))).status).toBe(200);
    expect((await get('u')).status).toBe(200);
    expect((await get('eve')).status).toBe(403);
  });

  it('may be named after a member of every object', async () => {
    const { call } = start();
    for (const taskId of ['__proto__', 'constructor', 'toString']) {
      expect((await call('tasks/get', { taskId })).status).toBe(403);
    }
  });
});

describe('a request that says that it is part of a task', () => {
  const RELATED = 'io.modelcontextprotocol/related-task';
  const part = (related: unknown) => ({ name: 'weather', _meta: { [RELATED]: related } });

  it('of the caller reaches the server', async () => {
    const { call } = start();
    await call('tools/call', begin);
    expect((await call('tools/call', part({ taskId: 't-1' }))).status).toBe(200);
    expect((await call('ping', part({ taskId: 't-1' }))).status).toBe(200);
  });

  // What the server asks meanwhile would be asked of the task's creator.
  it.each([
    ['of somebody else', { taskId: 't-1' }],
    ['that nobody created', { taskId: 't-2' }],
    ['in a list', { taskId: ['t-1'] }],
    ['without a name', {}],
    ['that is a text', 't-1'],
  ])('%s does not', async (_name, related) => {
    const { call, upstream } = start();
    await call('tools/call', begin);
    for (const method of ['tools/call', 'tools/list', 'ping']) {
      expect((await call(method, part(related), as('eve'))).status).toBe(403);
    }
    expect(upstream.forwarded).toHaveLength(1);
  });

  it('of somebody else does not, although there are no policies, nor in the 2026 era', async () => {
    const upstream = fakeUpstream(answer);
    const { call } = harness({ authorize: 'anything-authenticated', upstream });
    await call('tools/call', begin);
    expect((await call('tools/call', part({ taskId: 't-1' }), as('eve'))).status).toBe(403);
    const params = { name: 'weather', _meta: { ...META_26, [RELATED]: { taskId: 't-1' } } };
    const headers = { ...headers26('tools/call', 'weather'), ...as('eve') };
    expect((await call('tools/call', params, headers)).status).toBe(403);
    expect(upstream.forwarded).toHaveLength(1);
  });
});

describe('tasks/list', () => {
  it("shows each caller the caller's own", async () => {
    const { call } = start();
    await call('tools/call', begin);
    const own = await (await call('tasks/list')).json();
    expect(own.result).toEqual({ tasks: [TASK], nextCursor: 'c' });
    const others = await (await call('tasks/list', undefined, as('eve'))).json();
    expect(others.result.tasks).toEqual([]);
  });

  it('is filtered although there are no policies', async () => {
    const upstream = fakeUpstream(answer);
    const { call } = harness({ authorize: 'anything-authenticated', upstream });
    expect((await (await call('tasks/list')).json()).result.tasks).toEqual([]);
    expect((await call('tasks/get', { taskId: 't-1' })).status).toBe(403);
  });

  it('in the answer to something else is withheld', async () => {
    const upstream = fakeUpstream(
      () =>
        new Response(`data: {"jsonrpc":"2.0","id":1,"result":${JSON.stringify({ tasks })}}\n\n`, {
          headers: sse,
        }),
    );
    const { call } = harness({ upstream });
    expect(await (await call('ping')).text()).not.toContain('t-2');
  });

  it.each(['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'])(
    'in the answer to %s is withheld, although there are no policies',
    async (method) => {
      // A server that finds the stream of an answer by its id, which somebody has used twice.
      const upstream = fakeUpstream((message) =>
        jsonResult(message?.id?.text ?? 'null', { tasks }),
      );
      const { call } = harness({ authorize: 'anything-authenticated', upstream });
      expect(await (await call(method)).text()).not.toContain('t-2');
    },
  );
});

describe('the status of a task', () => {
  const status = (params: object): string =>
    `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tasks/status', params })}\n\n`;

  it.each([
    ['a policy', W],
    ['no policies', 'anything-authenticated' as const],
  ])(
    'is told to nobody but its creator by a server that tells everybody, with %s',
    async (_name, authorize) => {
      const said = [
        status({ ...TASK, statusMessage: 'secret' }),
        status({ taskId: 5 }),
        status({}),
      ];
      const upstream = {
        ...fakeUpstream(answer),
        stream: async () => new Response(said.join(''), { headers: sse }),
      };
      const { call, send } = harness({ authorize, upstream });
      await call('tools/call', begin);
      const hear = async (user: string) =>
        (await send('', { method: 'GET', headers: as(user) })).text();
      expect(await hear('u')).toBe(said[0]);
      expect(await hear('eve')).toBe('');
    },
  );
});

describe('createTaskBook', () => {
  const owner = (subject: string) => ({ issuer: 'i', subject });

  it('forgets after a time without use', () => {
    let clock = 0;
    const book = createTaskBook({ now: () => clock, ttl: 10 });
    book.remember('t', owner('a'));
    clock = 8;
    expect(book.owns('t', owner('a'))).toBe(true);
    clock = 18;
    expect(book.owns('t', owner('a'))).toBe(true);
    clock = 29;
    expect(book.owns('t', owner('a'))).toBe(false);
  });

  it('holds a bounded number, and nobody can push out what others have', () => {
    const book = createTaskBook({ now: () => 0, maxPerOwner: 2, maxTasks: 4 });
    book.remember('a', owner('a'));
    for (const id of ['1', '2', '3']) book.remember(id, owner('b'));
    expect(['a'].map((id) => book.owns(id, owner('a')))).toEqual([true]);
    expect(['1', '2', '3'].map((id) => book.owns(id, owner('b')))).toEqual([false, true, true]);
    book.remember('4', owner('c'));
    book.remember('5', owner('d'));
    expect(book.owns('a', owner('a'))).toBe(false);
  });

  it('keeps issuers apart', () => {
    const book = createTaskBook({ now: () => 0 });
    book.remember('t', { issuer: 'i', subject: 's' });
    expect(book.owns('t', { issuer: 'j', subject: 's' })).toBe(false);
    book.remember('x'.repeat(5000), owner('a'));
    expect(book.owns('x'.repeat(5000), owner('a'))).toBe(false);
  });
});
