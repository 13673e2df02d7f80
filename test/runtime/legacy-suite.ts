/** The same door in front of a server of the transport of 2024-11-05, which runs in another process. */
import { AUDIENCE, type Door, type Host, headersOf, type Library, openDoor } from './door.ts';
import { supported } from './env.ts';
import type { Seen } from './legacy-server.ts';
import type { T } from './t.ts';

export async function runLegacySuite(t: T, library: Library, host: Host): Promise<void> {
  const order = ordersOf(host);
  const noneOpen = async (): Promise<void> => {
    for (let left = 2000; (await order('seen')).open > 0; left -= 1) {
      if (left === 0) throw new Error('connections to the server stay open');
    }
  };
  const upstream = library.proxy.createSseUpstream({
    url: (await order('seen')).url,
    patience: 1500,
    keepAlive: 50,
  });
  const door = await openDoor(library, host.serveConnected ?? host.serve, upstream);
  const { url, bob, alice } = door;
  const premium = await door.keys.sign({ sub: 'carol', aud: AUDIENCE, roles: ['premium'] });
  let session = '';
  const call = (name: string, args: object = {}, token = bob): Promise<Response> =>
    door.send(
      { id: 2, method: 'tools/call', params: { name, arguments: args } },
      { token, session },
    );

  await t.test('2024: a permitted call is answered', async () => {
    session = await begin(door, bob);
    const response = await call('weather', { mark: 'm1' });
    t.equal(response.status, 200);
    t.equal(await textOf(response), 'weather m1');
  });

  await t.test(
    '2024: a denied call, or one of somebody else, does not reach the server',
    async () => {
      t.equal((await call('admin_tool')).status, 403);
      t.equal((await call('weather', {}, alice)).status, 404);
      t.equal((await order('seen')).calls, ['weather']);
    },
  );

  await t.test('2024: a list is filtered for each caller', async () => {
    const namesFor = async (token: string) => {
      const own = await begin(door, token);
      const response = await door.send({ id: 3, method: 'tools/list' }, { token, session: own });
      return [...(await response.text()).matchAll(/"name":"(\w+)"/g)].map(([, name]) => name);
    };
    t.equal(await namesFor(bob), ['weather']);
    t.equal(await namesFor(alice), ['weather', 'admin_tool']);
  });

  await t.test('2024: the server reports progress and asks while a call runs', async () => {
    const own = { token: premium, session: await begin(door, premium) };
    const params = { name: 'slow', arguments: {}, _meta: { progressToken: 'p' } };
    const stream = readStream(await door.send({ id: 4, method: 'tools/call', params }, own));
    for (const step of [1, 2]) {
      const text = await stream.until('"method":"ping"');
      t.equal(text.includes(`"progress":${step}`), true);
      const [, id] = /"method":"ping".*?"id":(\d+)/.exec(text) ?? [];
      t.equal((await door.send({ id: Number(id), result: {} }, own)).status, 202);
    }
    await stream.until('"done"');
  });

  await t.test('2024: what the server says by itself comes on the stream', async () => {
    const response = await fetch(url, { headers: headersOf(bob, session) });
    t.equal(response.status, 200);
    const stream = readStream(response);
    await order('say');
    await stream.until('notifications/tools/list_changed');
    await stream.leave();
  });

  await t.test('2024: a session outlives a restart of the server', async () => {
    await order('down');
    await order('up');
    t.equal(await textOf(await call('weather', { mark: 'again' })), 'weather again');
    const { posted, calls } = await order('seen');
    t.equal(posted, ['initialize', 'notifications/initialized', 'tools/call']);
    t.equal(calls, ['weather']);
  });

  await t.test('2024: a server that is down makes a 502, and is used when it is back', async () => {
    await order('down');
    // Whoever takes event streams gets signs of life meanwhile, and the failure as an event.
    const message = { id: 5, method: 'tools/call', params: { name: 'weather', arguments: {} } };
    const json = { token: bob, session, accept: 'application/json' };
    t.equal((await door.send(message, json)).status, 502);
    await order('up');
    t.equal(await textOf(await call('weather', { mark: 'back' })), 'weather back');
  });

  await t.test('2024: a call waits for a server that is being restarted', async () => {
    await order('down');
    const waiting = call('weather', { mark: 'soon' });
    await order('up');
    t.equal(await textOf(await waiting), 'weather soon');
  });

  await t.test('2024: the end of a session ends the connection to the server', async () => {
    const response = await fetch(url, { method: 'DELETE', headers: headersOf(bob, session) });
    t.equal(response.status, 204);
    t.equal((await call('weather')).status, 404);
    await noneOpen();
  });

  await t.test('2024: a client of the same transport gets its answers on its stream', async () => {
    const response = await fetch(new URL('/sse', url), { headers: headersOf(bob, undefined) });
    t.equal(response.status, 200);
    const stream = readStream(response);
    const [, path = ''] = /^data: (.+)$/m.exec(await stream.until('session_id=')) ?? [];
    const tell = async (message: object): Promise<number> =>
      (await door.send(message, { token: bob, path })).status;
    t.equal(await tell({ id: 1, method: 'initialize', params: HELLO }), 202);
    await stream.until('"serverInfo"');
    t.equal(await tell({ method: 'notifications/initialized' }), 202);
    const weather = { name: 'weather', arguments: { mark: 'm2' } };
    t.equal(await tell({ id: 2, method: 'tools/call', params: weather }), 202);
    await stream.until('weather m2');
    const admin = { name: 'admin_tool', arguments: {} };
    t.equal(await tell({ id: 3, method: 'tools/call', params: admin }), 403);
    await stream.leave();
    await noneOpen();
  });

  await upstream.close();
  await door.close();
}

/** A server of streamable HTTP, for which the other one stands in: it is there (404), or it is not. */
export async function runRestartSuite(t: T, library: Library, host: Host): Promise<void> {
  if (!supported(host.runtime).refusals) return;
  const order = ordersOf(host);
  const { createHttpUpstream, createRecoveringUpstream } = library.proxy;
  const upstream = createRecoveringUpstream(createHttpUpstream({ url: (await order('seen')).url }));
  const door = await openDoor(library, host.serve, upstream);
  await t.test('a call that was not sent waits for a server that is being restarted', async () => {
    const call = async (): Promise<number> => {
      const message = { id: 1, method: 'tools/call', params: { name: 'weather' } };
      return (await door.send(message, { token: door.bob })).status;
    };
    t.equal(await call(), 404);
    await order('down');
    const waiting = call();
    await order('up');
    t.equal(await waiting, 404);
  });
  await door.close();
}

function ordersOf({
  legacyControl,
}: Host): (name: 'down' | 'up' | 'say' | 'seen') => Promise<Seen> {
  return async (name) => {
    const response = await fetch(`${legacyControl}/${name}`, { method: 'POST' });
    return response.json() as Promise<Seen>;
  };
}

const HELLO = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'runtime', version: '1' },
};

/** Begins a session; gives its id. */
async function begin(door: Door, token: string): Promise<string> {
  const hello = { id: 1, method: 'initialize', params: HELLO };
  const response = await door.send(hello, { token });
  const session = response.headers.get('mcp-session-id');
  if (session === null) throw new Error(`no session: ${response.status} ${await response.text()}`);
  const { status } = await door.send({ method: 'notifications/initialized' }, { token, session });
  if (status !== 202) throw new Error(`initialized was answered with ${status}`);
  return session;
}

/** The text that a tool has answered with, be it in JSON or in an event stream. */
async function textOf(response: Response): Promise<string | undefined> {
  return /"text":"([^"]*)"/.exec(await response.text())?.[1];
}

interface StreamReader {
  /** Reads on until a text has come; gives what was read since the last time. */
  until(text: string): Promise<string>;
  leave(): Promise<void>;
}

function readStream({ body }: Response): StreamReader {
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async until(text) {
      for (let read = ''; ; ) {
        const { done, value = '' } = await reader.read();
        read += value;
        if (read.includes(text)) return read;
        if (done) throw new Error(`the stream ended before ${text}`);
      }
    },
    leave: () => reader.cancel(),
  };
}
